import { Injectable, Logger } from '@nestjs/common';
import { GatewayApi } from '#api';
import { encode, type Overview, type Presence, type RoomCount } from './chat.events.js';
import { userOf } from './chat.user.js';
import { firstOf, groupOf, LOBBY, roomsOf } from './groups.js';

const NEWS_DELAY_MS = 250;
/** Less than the delay of the news: who gets an older overview is in the lobby in time for the news that it lacks. */
const OVERVIEW_AGE_MS = 150;
const MAX_LISTED_ROOMS = 100;
const MAX_LISTED_PEOPLE = 500;

/**
 * Which rooms there are and who is online. When thousands come at once, after a gateway restart, everybody must not be told
 * of each of them: changes are collected for a moment, looked up, and sent to all as one message.
 */
@Injectable()
export class Lobby {
  readonly #logger = new Logger('Chat');
  readonly #rooms = new Set<string>();
  readonly #uids = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #overview: { readonly madeAtMs: number; readonly value: Promise<Overview> } | undefined;

  constructor(private readonly gateway: GatewayApi) {}

  roomChanged(room: string): void {
    this.#rooms.add(room);
    this.#schedule();
  }

  userChanged(uid: string): void {
    this.#uids.add(uid);
    this.#schedule();
  }

  /** Counting takes a question a room: many who ask at the same time get the same answer. */
  overview(): Promise<Overview> {
    const now = Date.now();
    if (this.#overview === undefined || now - this.#overview.madeAtMs > OVERVIEW_AGE_MS) {
      const made = { madeAtMs: now, value: this.#look() };
      made.value.catch(() => {
        if (this.#overview === made) this.#overview = undefined; // the next one asks again
      });
      this.#overview = made;
    }
    return this.#overview.value;
  }

  /** Sends the news that wait. What cannot be looked up is left out: the next change of it tells more. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const rooms = [...this.#rooms];
    const uids = [...this.#uids];
    this.#rooms.clear();
    this.#uids.clear();
    if (rooms.length === 0 && uids.length === 0) return;
    try {
      const [counts, people] = await Promise.all([
        this.#counted(rooms),
        Promise.all(uids.map((uid) => this.#presenceOf(uid))),
      ]);
      this.gateway.sendToGroup(LOBBY, encode({ event: 'lobby', data: { rooms: counts, people } }));
    } catch (error) {
      this.#logger.warn(`The lobby was not told the news: ${String(error)}`);
    }
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => void this.flush(), NEWS_DELAY_MS).unref();
  }

  async #look(): Promise<Overview> {
    const [groups, uids] = await Promise.all([
      firstOf(this.gateway.getGroupList(), MAX_LISTED_ROOMS),
      firstOf(this.gateway.getUidList(), MAX_LISTED_PEOPLE),
    ]);
    return { rooms: await this.#counted(roomsOf(groups)), people: uids.map(userOf) };
  }

  #counted(rooms: readonly string[]): Promise<RoomCount[]> {
    return Promise.all(
      rooms.map(async (room) => ({
        room,
        members: await this.gateway.getUidCountByGroup(groupOf(room)),
      })),
    );
  }

  async #presenceOf(uid: string): Promise<Presence> {
    return { ...userOf(uid), isOnline: await this.gateway.isUidOnline(uid) };
  }
}
