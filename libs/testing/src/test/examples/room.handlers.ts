import { Injectable, UnauthorizedException } from '@nestjs/common';
import {
  Client,
  ClientContext,
  ClientHandlers,
  GatewayApi,
  OnClose,
  OnConnect,
  OnMessage,
  Payload,
  Session,
} from 'nestwire';

@Injectable()
export class Tokens {
  nameOf(token: string | undefined): string | undefined {
    return token?.startsWith('secret-of-') ? token.slice('secret-of-'.length) : undefined;
  }
}

@ClientHandlers()
export class RoomHandlers {
  constructor(
    private readonly gateway: GatewayApi,
    private readonly tokens: Tokens,
  ) {}

  @OnConnect()
  signIn(@Client() { id, request }: ClientContext): void {
    const name = this.tokens.nameOf(request?.query['token']);
    if (name === undefined) throw new UnauthorizedException();
    this.gateway.bindUid(id, name);
    this.gateway.setSession(id, { name });
  }

  @OnMessage('join')
  async join(@Payload('room') room: string, @Client() { id }: ClientContext): Promise<{ members: number }> {
    this.gateway.joinGroup(id, room);
    return { members: await this.gateway.getClientCountByGroup(room) };
  }

  @OnMessage('say')
  say(@Payload() said: { room: string; text: string }, @Session('name') name: string): void {
    this.gateway.sendToGroup(said.room, JSON.stringify({ event: 'said', data: { name, text: said.text } }));
  }

  @OnMessage('slow')
  slow(): Promise<string> {
    return new Promise((resolve) => setTimeout(resolve, 10_000, 'at last'));
  }

  @OnClose()
  left(@Client() { uid, groups }: ClientContext): void {
    for (const room of groups) this.gateway.sendToGroup(room, JSON.stringify({ event: 'left', data: uid }));
  }
}
