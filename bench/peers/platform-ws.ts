import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  type OnGatewayDisconnect,
  type WsResponse,
} from '@nestjs/websockets';
import type { Server, WebSocket } from 'ws';
import { serveGateway } from './serve-gateway.js';

const COMMAND_LENGTH = 2;

/** The peer of the load tests: a Nest gateway on platform-ws, as Nest's documentation writes one. */
@WebSocketGateway()
export class BenchGateway implements OnGatewayDisconnect {
  @WebSocketServer()
  private readonly server!: Server;
  readonly #groups = new Map<string, Set<WebSocket>>();

  @SubscribeMessage('m')
  handle(@ConnectedSocket() client: WebSocket, @MessageBody() text: string): WsResponse<string> | undefined {
    const rest = text.slice(COMMAND_LENGTH);
    if (text.startsWith('J:')) this.#join(rest, client);
    else if (text.startsWith('B:')) send(this.#groups.get('g') ?? [], rest);
    else if (text.startsWith('A:')) send(this.server.clients, rest);
    else return { event: 'm', data: text };
    return undefined;
  }

  handleDisconnect(client: WebSocket): void {
    for (const members of this.#groups.values()) members.delete(client);
  }

  #join(group: string, client: WebSocket): void {
    const members = this.#groups.get(group) ?? new Set();
    this.#groups.set(group, members.add(client));
  }
}

function send(clients: Iterable<WebSocket>, data: string): void {
  const message = JSON.stringify({ event: 'm', data });
  for (const client of clients) client.send(message);
}

@Module({ providers: [BenchGateway] })
class BenchModule {}

await serveGateway(BenchModule, (server) => new WsAdapter(server));
