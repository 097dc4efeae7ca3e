import 'reflect-metadata';
import 'class-transformer';
import { Module, UseGuards, UsePipes, ValidationPipe } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway, type WsResponse } from '@nestjs/websockets';
import { SayDto, SayGuard } from '../worker/say.js';
import { serveGateway } from './serve-gateway.js';

/** The handler of the bench worker's `SayHandlers` in a Nest gateway on platform-ws. */
@WebSocketGateway()
export class SayGateway {
  @SubscribeMessage('say')
  @UseGuards(SayGuard)
  @UsePipes(new ValidationPipe({ transform: true }))
  say(@MessageBody() { text }: SayDto): WsResponse<string> {
    return { event: 'said', data: text };
  }
}

@Module({ providers: [SayGateway] })
class SayModule {}

await serveGateway(SayModule, (server) => new WsAdapter(server));
