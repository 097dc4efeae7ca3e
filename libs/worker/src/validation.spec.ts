import 'reflect-metadata';
import {
  UseGuards,
  UsePipes,
  ValidationPipe,
  type CanActivate,
  type INestMicroservice,
} from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { Type as ClassType } from 'class-transformer';
import { IsArray, IsInt, IsString, MinLength, ValidateNested } from 'class-validator';
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
  SyncValidationPipe,
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

class Stop {
  @IsString()
  city!: string;
}

class TripDto {
  @IsArray()
  @ValidateNested({ each: true })
  @ClassType(() => Stop)
  stops!: Stop[];
}

const OPTIONS = { transform: true, whitelist: true };
const PIPES = [
  ['ValidationPipe', new ValidationPipe(OPTIONS)],
  ['SyncValidationPipe', new SyncValidationPipe(OPTIONS)],
] as const;

class LetIn implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

function seen(
  dto: SayDto,
  session: MemberSession,
  client: ClientContext,
  context: ClientEventContext,
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

@ClientHandlers()
class Plain {
  @OnMessage('say')
  say(
    @Payload() dto: SayDto,
    @Session() session: MemberSession,
    @Client() client: ClientContext,
    @Ctx() context: ClientEventContext,
  ): unknown {
    return seen(dto, session, client, context);
  }

  @OnMessage('trip')
  trip(@Payload() { stops }: TripDto): unknown {
    return [stops, stops.every((stop) => stop instanceof Stop)];
  }

  @OnConnect()
  connected(@Client() client: ClientContext): void {
    if (!(client instanceof ClientContext)) throw new Error('transformed');
  }
}

type Setup = Pick<Parameters<typeof startWorker>[0], 'providers' | 'configure' | 'hideInternals'>;

/** All the ways to bind a pipe. */
function setupsOf(pipe: ValidationPipe | SyncValidationPipe): readonly (readonly [string, Setup])[] {
  @ClientHandlers()
  class ByMethod extends Plain {
    @OnMessage('say')
    @UsePipes(pipe)
    override say(
      @Payload() dto: SayDto,
      @Session() session: MemberSession,
      @Client() client: ClientContext,
      @Ctx() context: ClientEventContext,
    ): unknown {
      return seen(dto, session, client, context);
    }

    @OnMessage('trip')
    @UsePipes(pipe)
    override trip(@Payload() trip: TripDto): unknown {
      return super.trip(trip);
    }
  }

  @ClientHandlers()
  class ByParam extends Plain {
    @OnMessage('say')
    override say(
      @Payload(pipe) dto: SayDto,
      @Session() session: MemberSession,
      @Client() client: ClientContext,
      @Ctx() context: ClientEventContext,
    ): unknown {
      return seen(dto, session, client, context);
    }

    @OnMessage('trip')
    override trip(@Payload(pipe) trip: TripDto): unknown {
      return super.trip(trip);
    }
  }

  @ClientHandlers()
  @UseGuards(LetIn)
  @UsePipes(pipe)
  class ByClassBehindGuard extends Plain {}

  return [
    ['bound to the methods', { providers: [ByMethod] }],
    ['bound to the parameters', { providers: [ByParam] }],
    ['bound to the class, behind a guard', { providers: [ByClassBehindGuard] }],
    [
      'bound globally',
      { providers: [Plain], configure: (app: INestMicroservice) => void app.useGlobalPipes(pipe) },
    ],
    ['as APP_PIPE', { providers: [Plain, { provide: APP_PIPE, useValue: pipe }] }],
    ["in Nest's own way", { providers: [ByMethod], hideInternals: true }],
  ];
}

describe.each(
  PIPES.flatMap(([name, pipe]) => setupsOf(pipe).map(([where, setup]) => ({ name, where, setup }))),
)('$name, $where', ({ setup }) => {
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

  it('validates each handler with the DTO of its own', async () => {
    const { gateway } = await startWorker(setup);
    gateway.say(1, 'trip', { stops: [{ city: 'Ulm', extra: 1 }] }, 1);
    expect(await gateway.nextReply()).toEqual({ id: 1, data: [[{ city: 'Ulm' }], true] });
    gateway.say(1, 'say', { text: 'hi', times: 2 }, 2);
    expect(await gateway.nextReply()).toMatchObject({
      id: 2,
      data: expect.arrayContaining([{ text: 'hi', times: 2 }]) as unknown,
    });
    gateway.say(1, 'trip', { stops: [{ city: 'Ulm' }, { city: 3 }] }, 3);
    expect(await gateway.nextReply()).toEqual({
      id: 3,
      error: { code: 'BAD_REQUEST', message: 'stops.1.city must be a string' },
    });
  });
});

it('the synchronous pipe is made by Nest, too, as APP_PIPE', async () => {
  const { gateway } = await startWorker({
    providers: [Plain, { provide: APP_PIPE, useClass: SyncValidationPipe }],
  });
  gateway.say(1, 'trip', { stops: 1 }, 1);
  expect(await gateway.nextReply()).toMatchObject({ id: 1, error: { code: 'BAD_REQUEST' } });
});

it('with the synchronous pipe an answer is there when the call with the event returns', async () => {
  const { gateway } = await startWorker(setupsOf(PIPES[1][1])[2]![1]);
  gateway.say(1, 'say', { text: 'hi', times: 1 }, 1);
  expect(gateway.sent).toHaveLength(1);
});
