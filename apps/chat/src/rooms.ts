import { Injectable } from '@nestjs/common';
import { GatewayApi, type ClientId } from '#api';
import { LIMITS } from './chat.dto.js';
import { NotSignedInError, TooManyRoomsError } from './chat.errors.js';
import { encode, type RoomView } from './chat.events.js';
import { userOf } from './chat.user.js';
import { groupOf, membersOf, roomsOf } from './groups.js';
import { Lobby } from './lobby.js';

const MAX_LISTED_PEOPLE = 500;

/** Who is in which room, as the gateways know it. A user comes with the first tab and goes with the last. */
@Injectable()
export class Rooms {
  constructor(
    private readonly gateway: GatewayApi,
    private readonly lobby: Lobby,
  ) {}

  /** Joining a room that the client is in changes nothing and tells who is there. @throws TooManyRoomsError */
  async join(clientId: ClientId, uid: string, room: string): Promise<RoomView> {
    const [rooms, before] = await Promise.all([this.#joinedBy(clientId), membersOf(this.gateway, room)]);
    if (!rooms.includes(room)) {
      if (rooms.length >= LIMITS.roomsPerClient) throw new TooManyRoomsError(LIMITS.roomsPerClient);
      this.gateway.joinGroup(clientId, groupOf(room));
      this.gateway.updateSession(clientId, { rooms: [...rooms, room] });
    }
    const people = await membersOf(this.gateway, room);
    // Who disconnected meanwhile is in neither list, and must not be announced: nobody would announce the leaving.
    if (!before.includes(uid) && people.includes(uid)) this.#announce('joined', uid, room, people.length);
    return { room, members: people.length, people: people.slice(0, MAX_LISTED_PEOPLE).map(userOf) };
  }

  async leave(clientId: ClientId, uid: string, room: string): Promise<void> {
    const rooms = await this.#joinedBy(clientId);
    if (!rooms.includes(room)) return;
    this.gateway.leaveGroup(clientId, groupOf(room));
    this.gateway.updateSession(clientId, { rooms: rooms.filter((other) => other !== room) });
    await this.left(uid, room);
  }

  /** A client of the user is not in the room any more: unless another one is, the user has left. */
  async left(uid: string, room: string): Promise<void> {
    const people = await membersOf(this.gateway, room);
    if (!people.includes(uid)) this.#announce('left', uid, room, people.length);
  }

  /** Asked, because the session that came with the event is older than a join that was sent right before it. */
  async #joinedBy(clientId: ClientId): Promise<string[]> {
    const client = await this.gateway.getClientInfo(clientId, ['groups']);
    if (client === undefined) throw new NotSignedInError();
    return roomsOf(client.groups);
  }

  #announce(event: 'joined' | 'left', uid: string, room: string, members: number): void {
    this.gateway.sendToGroup(groupOf(room), encode({ event, data: { room, members, user: userOf(uid) } }));
    this.lobby.roomChanged(room);
  }
}
