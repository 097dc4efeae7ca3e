import { Module } from '@nestjs/common';
import { ChatHandlers } from './chat.handlers.js';
import { Lobby } from './lobby.js';
import { Rooms } from './rooms.js';

/** The chat for an application that has a `WorkerModule`, which gives it `GatewayApi`. */
@Module({ providers: [ChatHandlers, Rooms, Lobby] })
export class ChatModule {}
