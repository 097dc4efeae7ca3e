import 'class-transformer';
import { UseGuards, UsePipes, ValidationPipe } from '@nestjs/common';
import { ClientHandlers, OnMessage, Payload, SyncValidationPipe } from '#worker';
import { SayDto, SayGuard } from './say.js';

/** A handler behind a guard, with a DTO that Nest's ValidationPipe checks. */
@ClientHandlers()
export class SayHandlers {
  @OnMessage('say')
  @UseGuards(SayGuard)
  @UsePipes(new ValidationPipe({ transform: true }))
  say(@Payload() { text }: SayDto): string {
    return text;
  }

  /** The same with the synchronous pipe of this package. */
  @OnMessage('say-sync')
  @UseGuards(SayGuard)
  @UsePipes(new SyncValidationPipe({ transform: true }))
  saySync(@Payload() { text }: SayDto): string {
    return text;
  }
}
