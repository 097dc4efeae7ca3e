import 'reflect-metadata';
import { UsePipes, ValidationPipe, type INestMicroservice } from '@nestjs/common';
import { IsInt, IsString, MinLength } from 'class-validator';
import { afterEach, describe, expect, it } from 'vitest';

import {
  Client,
  ClientContext,
  ClientEventContext,
  ClientHandlers,
  Ctx,
  OnConnect,
  OnMessage,
  Payload,
  Session,
} from './index.js';
import { closeWorkers, startWorker } from './test/start-worker.js';

afterEach(closeWorkers);

class SayDto {
  @IsString()
  @MinLength(2)
  text!: string;

  @IsInt()
  times!: number;
}

class MemberSession {
  @IsString()
  neverThere!: string;
}

const pipe = new ValidationPipe({ transform: true, whitelist: true });

@ClientHandlers()
class ByMethod {
  @OnMessage('say')
  @UsePipes(pipe)
  say(
    @Payload() dto: SayDto,
    @Session() session: MemberSession,
    @Client() client: ClientContext,
    @Ctx() context: ClientEventContext,
  ): unknown {
    return [
      dto instanceof SayDto,
      dto,
      session,
      session instanceof MemberSession,
      client instanceof ClientContext,
      context instanceof ClientEventContext && context.client === client,
    ];
  }
}

@ClientHandlers()
class ByParam {
  @OnMessage('say')
  say(
    @Payload(pipe) dto: SayDto,
    @Session() session: MemberSession,
    @Client() client: ClientContext,
    @Ctx() context: ClientEventContext,
  ): unknown {
    return new ByMethod().say(dto, session, client, context);
  }
}

@ClientHandlers()
class Plain {
  @OnMessage('say')
  say(
    @Payload() dto: SayDto,
    @Session() session: MemberSession,
    @Client() client: ClientContext,
    @Ctx() context: ClientEventContext,
  ): unknown {
    return new ByMethod().say(dto, session, client, context);
  }

  @OnConnect()
  connected(@Client() client: ClientContext): void {
    if (!(client instanceof ClientContext)) throw new Error('transformed');
  }
}

describe.each([
  ['bound to the method', ByMethod, undefined],
  ['bound to the parameter', ByParam, undefined],
  ['bound globally', Plain, (app: INestMicroservice) => void app.useGlobalPipes(pipe)],
])("class-validator's ValidationPipe, %s", (_where, handlers, configure) => {
  const setup = { providers: [handlers], ...(configure === undefined ? {} : { configure }) };

  it('makes a DTO of the data, and leaves session, client and context alone', async () => {
    const { gateway, strategy } = await startWorker(setup);
    gateway.open(1);
    gateway.say(1, 'say', { text: 'hi', times: 1, extra: true }, 1, { name: 'Ann' });
    expect(await gateway.nextReply()).toEqual({
      id: 1,
      data: [true, { text: 'hi', times: 1 }, { name: 'Ann' }, false, true, true],
    });
    expect(strategy.stats.failed).toBe(0);
  });

  it.each([
    [
      { text: 'x', times: 'y' },
      'text must be longer than or equal to 2 characters; times must be an integer number',
    ],
    [undefined, expect.stringContaining('text must be a string')],
    [[], expect.any(String)],
  ])('refuses %j with its messages', async (data, message) => {
    const { gateway } = await startWorker(setup);
    gateway.say(1, 'say', data, 1);
    expect(await gateway.nextReply()).toEqual({ id: 1, error: { code: 'BAD_REQUEST', message } });
  });
});
