import type { LIMITS } from './chat.dto.js';
import type { User } from './chat.user.js';

export interface RoomCount {
  readonly room: string;
  /** People, however many tabs they have. 0: the room is gone. */
  readonly members: number;
}

/** What a client gets to know of a room that it joins. */
export interface RoomView extends RoomCount {
  /** The first of its members: a room of thousands is not listed in full. */
  readonly people: readonly User[];
}

/** What everybody who is signed in may know. */
export interface Overview {
  readonly rooms: readonly RoomCount[];
  readonly people: readonly User[];
}

export interface Presence extends User {
  readonly isOnline: boolean;
}

/** Everything that clients are sent, besides the answers to what they ask. */
export type ChatEvent =
  | { readonly event: 'welcome'; readonly data: { readonly limits: typeof LIMITS } }
  | { readonly event: 'joined' | 'left'; readonly data: RoomCount & { readonly user: User } }
  | { readonly event: 'said'; readonly data: Spoken & { readonly room: string } }
  | { readonly event: 'whispered'; readonly data: Spoken & { readonly to: User } }
  | {
      readonly event: 'lobby';
      readonly data: { readonly rooms: readonly RoomCount[]; readonly people: readonly Presence[] };
    };

export interface Spoken {
  readonly from: User;
  readonly text: string;
  /** When the worker took it, in milliseconds since 1970. */
  readonly at: number;
}

export function encode(event: ChatEvent): string {
  return JSON.stringify(event);
}
