import { Injectable, UseFilters, UseGuards, UsePipes, ValidationPipe } from '@nestjs/common';
import { GatewayApi } from '#api';
import {
  Client,
  ClientContext,
  ClientHandlers,
  OnClose,
  OnConnect,
  OnMessage,
  OnWorkerStop,
  Payload,
  Session,
} from '#worker';
import { LIMITS, RoomDto, SayDto, SignInDto, WhisperDto } from './chat.dto.js';
import { AlreadySignedInError, NotInRoomError, UserOfflineError } from './chat.errors.js';
import { encode, type Overview, type RoomView } from './chat.events.js';
import { ChatFilter } from './chat.filter.js';
import { uidOf, userOf, type User } from './chat.user.js';
import { groupOf, LOBBY, roomsOf } from './groups.js';
import { Lobby } from './lobby.js';
import { Rooms } from './rooms.js';
import { SignedInGuard } from './signed-in.guard.js';

/**
 * The chat. Clients are connected to a gateway, not to this process: it may be restarted, and any number of it may run. So
 * it keeps nothing about a client: who one is stands in the session, where one is in the groups.
 */
@Injectable()
@ClientHandlers()
@UsePipes(new ValidationPipe({ transform: true, whitelist: true, forbidUnknownValues: true }))
@UseFilters(ChatFilter)
export class ChatHandlers {
  constructor(
    private readonly gateway: GatewayApi,
    private readonly rooms: Rooms,
    private readonly lobby: Lobby,
  ) {}

  @OnConnect()
  welcome(@Client() client: ClientContext): void {
    this.gateway.sendToClient(client.id, encode({ event: 'welcome', data: { limits: LIMITS } }));
  }

  @OnMessage('signIn')
  async signIn(
    @Payload() { name, secret }: SignInDto,
    @Session('uid') known: string | undefined,
    @Client() client: ClientContext,
  ): Promise<{ me: User } & Overview> {
    if (known !== undefined) throw new AlreadySignedInError();
    const uid = uidOf(secret, name);
    this.gateway.bindUid(client.id, uid);
    this.gateway.setSession(client.id, { uid, rooms: [] });
    this.gateway.joinGroup(client.id, LOBBY);
    this.lobby.userChanged(uid);
    return { me: userOf(uid), ...(await this.lobby.overview()) };
  }

  /** A room is there as long as somebody is in it: joining creates it. */
  @OnMessage('join')
  @UseGuards(SignedInGuard)
  join(
    @Payload() { room }: RoomDto,
    @Session('uid') uid: string,
    @Client() client: ClientContext,
  ): Promise<RoomView> {
    return this.rooms.join(client.id, uid, room);
  }

  @OnMessage('leave')
  @UseGuards(SignedInGuard)
  leave(
    @Payload() { room }: RoomDto,
    @Session('uid') uid: string,
    @Client() client: ClientContext,
  ): Promise<void> {
    return this.rooms.leave(client.id, uid, room);
  }

  @OnMessage('say')
  @UseGuards(SignedInGuard)
  say(
    @Payload() { room, text }: SayDto,
    @Session() session: ChatSession,
    @Client() client: ClientContext,
  ): { at: number } {
    if (!session.rooms.includes(room)) throw new NotInRoomError(room);
    const at = Date.now();
    const message = encode({ event: 'said', data: { room, from: userOf(session.uid), text, at } });
    this.gateway.sendToGroup(groupOf(room), message, { exclude: [client.id] });
    return { at };
  }

  /** Reaches all tabs of both users; the one that sent it gets the answer. */
  @OnMessage('whisper')
  @UseGuards(SignedInGuard)
  async whisper(
    @Payload() { to, text }: WhisperDto,
    @Session('uid') uid: string,
    @Client() client: ClientContext,
  ): Promise<{ at: number }> {
    if (!(await this.gateway.isUidOnline(to))) throw new UserOfflineError(userOf(to).name);
    const at = Date.now();
    const message = encode({ event: 'whispered', data: { from: userOf(uid), to: userOf(to), text, at } });
    for (const each of new Set([to, uid])) this.gateway.sendToUid(each, message, { exclude: [client.id] });
    return { at };
  }

  @OnClose()
  async gone(@Client() { uid, groups }: ClientContext): Promise<void> {
    if (uid === undefined) return;
    this.lobby.userChanged(uid);
    await Promise.all(roomsOf(groups).map((room) => this.rooms.left(uid, room)));
  }

  @OnWorkerStop()
  tellTheRest(): Promise<void> {
    return this.lobby.flush();
  }
}

/** What the chat keeps with a connection, once it is signed in. */
interface ChatSession {
  readonly uid: string;
  readonly rooms: readonly string[];
}
