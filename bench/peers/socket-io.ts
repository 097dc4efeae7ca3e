import 'reflect-metadata';
import type { Server as HttpServer } from 'node:http';
import { Module } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  type WsResponse,
} from '@nestjs/websockets';
import { createAdapter } from '@socket.io/redis-adapter';
import { createClient } from 'redis';
import type { Server, ServerOptions, Socket } from 'socket.io';
import { serveGateway } from './serve-gateway.js';

const COMMAND_LENGTH = 2;

/** The peer of the load tests: a Nest gateway on platform-socket.io, as Nest's documentation writes one. */
@WebSocketGateway({ transports: ['websocket'] })
export class BenchGateway {
  @WebSocketServer()
  private readonly server!: Server;

  @SubscribeMessage('m')
  handle(@ConnectedSocket() client: Socket, @MessageBody() text: string): WsResponse<string> | undefined {
    const rest = text.slice(COMMAND_LENGTH);
    if (text.startsWith('J:')) void client.join(rest);
    else if (text.startsWith('B:')) this.server.to('g').emit('m', rest);
    else if (text.startsWith('A:')) this.server.emit('m', rest);
    else return { event: 'm', data: text };
    return undefined;
  }
}

/** Several such processes would reach each other's clients through Redis; it is the counterpart of a second gateway. */
class RedisIoAdapter extends IoAdapter {
  constructor(
    server: HttpServer,
    private readonly redis: ReturnType<typeof createAdapter>,
  ) {
    super(server);
  }

  override createIOServer(port: number, options?: ServerOptions): Server {
    const server: Server = super.createIOServer(port, options);
    server.adapter(this.redis);
    return server;
  }
}

/** @param port of a Redis server on loopback */
async function connectRedis(port: string): Promise<ReturnType<typeof createAdapter>> {
  const publisher = createClient({ url: `redis://127.0.0.1:${port}` });
  const subscriber = publisher.duplicate();
  for (const client of [publisher, subscriber]) {
    client.on('error', (error: Error) => process.stderr.write(`Redis: ${error.message}\n`));
  }
  await Promise.all([publisher.connect(), subscriber.connect()]);
  return createAdapter(publisher, subscriber);
}

@Module({ providers: [BenchGateway] })
class BenchModule {}

const [, , , redisPort = '6379'] = process.argv;
await serveGateway(BenchModule, async (server) => new RedisIoAdapter(server, await connectRedis(redisPort)));
