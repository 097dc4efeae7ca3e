import {
  BadRequestException,
  ForbiddenException,
  Injectable,
  Module,
  UseGuards,
  ValidationPipe,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { IsString } from 'class-validator';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { GatewayApi, type ClientId } from '#api';
import type { CustomCommand } from '#gateway';
import { defineCommand, defineQuestion, jsonCodec } from '#protocol';
import {
  Client,
  ClientContext,
  ClientEventContext,
  ClientHandlers,
  Ctx,
  OnClose,
  OnConnect,
  OnMessage,
  OnWorkerStart,
  OnWorkerStop,
  Payload,
  Session,
  WorkerModule,
  type ClientSession,
} from '#worker';
import { createTestWorker } from './create-test-worker.js';
import type { TestWorker } from './test-worker.js';

class JoinDto {
  @IsString()
  readonly room!: string;
}

@Injectable()
class Clock {
  now(): number {
    return 1_700_000_000_000;
  }
}

@Injectable()
class Diary {
  readonly lines: string[] = [];
}

@Injectable()
class TokenGuard implements CanActivate {
  canActivate(host: ExecutionContext): boolean {
    const { client } = host.switchToRpc().getContext<ClientEventContext>();
    return client.request?.query['token'] === 'good';
  }
}

@ClientHandlers()
class RoomHandlers {
  constructor(
    private readonly gateway: GatewayApi,
    private readonly clock: Clock,
    private readonly diary: Diary,
  ) {}

  @OnWorkerStart()
  started(): void {
    this.diary.lines.push('started');
  }

  @OnWorkerStop()
  stopped(): void {
    this.diary.lines.push('stopped');
  }

  @OnConnect()
  welcome(@Client() client: ClientContext): void {
    const { request, remoteAddress } = client;
    this.gateway.sendToClient(
      client.id,
      JSON.stringify({
        event: 'welcome',
        data: { path: request?.path, agent: request?.headers['user-agent'], remoteAddress },
      }),
    );
  }

  @OnMessage('join')
  join(@Payload() { room }: JoinDto, @Client() { id }: ClientContext): { at: number } {
    this.gateway.joinGroup(id, room);
    this.gateway.updateSession(id, { room });
    return { at: this.clock.now() };
  }

  @OnMessage('say')
  say(
    @Payload('text') text: string,
    @Session('room') room: string | undefined,
    @Client() { id }: ClientContext,
  ): void {
    if (room === undefined) throw new ForbiddenException('Join a room first');
    this.gateway.sendToGroup(room, JSON.stringify({ event: 'said', data: text }), { exclude: [id] });
  }

  @OnMessage('sign in')
  signIn(@Payload('uid') uid: string, @Client() { id }: ClientContext): void {
    this.gateway.bindUid(id, uid);
  }

  @OnMessage('to uid')
  toUid(@Payload('uid') uid: string): void {
    this.gateway.sendToUid(uid, 'for you');
  }

  @OnMessage('ask around')
  async askAround(@Client() { id }: ClientContext): Promise<unknown> {
    const members: ClientId[] = [];
    for await (const member of this.gateway.getClientListByGroup('lobby')) members.push(member);
    const all: ClientId[] = [];
    for await (const one of this.gateway.getClientList()) all.push(one);
    return {
      members: members.length,
      all: all.length,
      count: await this.gateway.getClientCount(),
      online: await this.gateway.isUidOnline('ann'),
      uids: await this.gateway.getUidCount(),
      info: await this.gateway.getClientInfo(id, ['uid', 'groups', 'session']),
    };
  }

  @OnMessage('leave me')
  goAway(@Client() { id }: ClientContext): void {
    this.gateway.closeClient(id);
  }

  @OnMessage('count')
  async count(@Client() { id }: ClientContext, @Session('count') count = 0): Promise<number> {
    this.gateway.updateSession(id, { count: count + 1 });
    await Promise.resolve();
    return count + 1;
  }

  @OnMessage('count later')
  async countLater(@Client() { id }: ClientContext, @Session('count') count = 0): Promise<number> {
    await new Promise((resolve) => setImmediate(resolve));
    this.gateway.updateSession(id, { count: count + 1 });
    return count + 1;
  }

  @OnMessage('never')
  never(): Promise<void> {
    return new Promise(() => undefined);
  }

  @OnMessage('wrong')
  wrong(): void {
    throw new BadRequestException('Always wrong');
  }

  @OnMessage('marked')
  marked(@Ctx() context: ClientEventContext): boolean {
    return context.client.redelivered;
  }

  @OnClose()
  left(@Client() { uid, groups, closeCode }: ClientContext, @Session() session: ClientSession): void {
    this.diary.lines.push(`left: ${uid} ${groups.join()} ${closeCode} ${JSON.stringify(session)}`);
  }
}

@Module({ providers: [RoomHandlers, Clock, Diary] })
class RoomModule {}

@Module({ imports: [WorkerModule.forRoot({ handlerTimeoutMs: 5_000 }), RoomModule] })
class AppModule {}

const workers: TestWorker[] = [];

async function start(...given: Parameters<typeof createTestWorker>): Promise<TestWorker> {
  const worker = await createTestWorker(...given);
  workers.push(worker);
  return worker;
}

const startRoom = (): Promise<TestWorker> =>
  start(
    { imports: [RoomModule] },
    { configure: (app) => app.useGlobalPipes(new ValidationPipe({ transform: true })) },
  );

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(workers.splice(0).map((worker) => worker.close()));
});

describe('a test worker', () => {
  it('runs OnConnect with the request, and gives what it sent', async () => {
    const worker = await startRoom();
    const client = await worker.connect({
      url: '/room?token=x',
      headers: { 'User-Agent': 'a test' },
      remoteAddress: '10.0.0.7',
    });
    expect(client.id).toMatch(/^[0-9a-f]{20}$/);
    expect(await client.next()).toEqual({
      event: 'welcome',
      data: { path: '/room', agent: 'a test', remoteAddress: '10.0.0.7' },
    });
  });

  it('answers questions, through guards, pipes and the session', async () => {
    const worker = await startRoom();
    const client = await worker.connect();
    await expect(client.ask('say', { text: 'too early' })).rejects.toMatchObject({
      code: 'ERR_NESTWIRE_TEST_REPLY',
      event: 'say',
      replyCode: 'FORBIDDEN',
      replyMessage: 'Join a room first',
    });
    await expect(client.ask('join', { room: 7 })).rejects.toMatchObject({ replyCode: 'BAD_REQUEST' });
    expect(await client.ask('join', { room: 'lobby' })).toEqual({ at: 1_700_000_000_000 });
    expect(client.groups).toEqual(['lobby']);
    expect(client.session).toEqual({ room: 'lobby' });
    expect(await client.ask('say', { text: 'hi' })).toBeNull();
    await expect(client.ask('no such event')).rejects.toMatchObject({ replyCode: 'UNKNOWN_EVENT' });
    expect(worker.stats.unknownEvents).toBe(1);
  });

  it('lets clients hear each other', async () => {
    const worker = await startRoom();
    const [ann, bob, eve] = [await worker.connect(), await worker.connect(), await worker.connect()];
    await ann.ask('join', { room: 'lobby' });
    await bob.ask('join', { room: 'lobby' });
    await ann.send({ event: 'say', data: { text: 'hi' } });
    expect(bob.received.at(-1)).toEqual({ event: 'said', data: 'hi' });
    for (const deaf of [ann, eve]) expect(deaf.received).not.toContainEqual({ event: 'said', data: 'hi' });
  });

  it('has uids: bound, sent to, asked for', async () => {
    const worker = await startRoom();
    const [phone, laptop, other] = [await worker.connect(), await worker.connect(), await worker.connect()];
    expect(phone.uid).toBeUndefined();
    await phone.ask('sign in', { uid: 'ann' });
    await laptop.ask('sign in', { uid: 'ann' });
    await other.ask('to uid', { uid: 'ann' });
    expect([phone.uid, phone.receivedRaw.at(-1), laptop.receivedRaw.at(-1)]).toEqual([
      'ann',
      'for you',
      'for you',
    ]);
    await laptop.ask('join', { room: 'lobby' });
    expect(await laptop.ask('ask around')).toEqual({
      members: 1,
      all: 3,
      count: 3,
      online: true,
      uids: 1,
      info: { uid: 'ann', groups: ['lobby'], session: { room: 'lobby' } },
    });
  });

  it('is driven by the api from outside, too', async () => {
    const worker = await startRoom();
    const client = await worker.connect();
    worker.api.sendToClient(client.id, Buffer.of(0xff, 0xfe));
    expect(client.received.at(-1)).toEqual(Buffer.of(0xff, 0xfe));
    expect(await worker.api.isOnline(client.id)).toBe(true);
    expect(await worker.api.getClientInfo('0'.repeat(20))).toBeUndefined();
    expect(() => worker.api.sendToClient('nonsense', 'x')).toThrow(
      expect.objectContaining({ code: 'ERR_NESTWIRE_INVALID_ARGUMENT' }),
    );
    await worker.api.flush();
  });

  it('gives a handler the session that earlier handlers of its client wrote', async () => {
    const worker = await startRoom();
    const client = await worker.connect();
    // All on their way before the first is handled.
    const answers = await Promise.all(Array.from({ length: 5 }, () => client.ask('count')));
    expect(answers).toEqual([1, 2, 3, 4, 5]);
    expect(client.session).toEqual({ count: 5 });
  });

  it('takes raw TCP clients', async () => {
    const worker = await startRoom();
    const device = await worker.connect({ kind: 'tcp' });
    expect(await device.ask('join', { room: 'devices' })).toEqual({ at: 1_700_000_000_000 });
    await device.close();
    expect(device.closed).toEqual({ code: undefined, reason: '' });
    expect(worker.get(Diary).lines.at(-1)).toBe('left: undefined devices undefined {"room":"devices"}');
  });

  it('marks what is redelivered', async () => {
    const worker = await startRoom();
    const client = await worker.connect();
    await client.send({ event: 'marked', id: 1 });
    await client.send({ event: 'marked', id: 2 }, { isRedelivered: true });
    expect(client.received.slice(-2)).toEqual([
      { id: 1, data: false },
      { id: 2, data: true },
    ]);
  });
});

describe('the end of a client', () => {
  it('that says goodbye runs OnClose with all that it had', async () => {
    const worker = await startRoom();
    const client = await worker.connect();
    await client.ask('sign in', { uid: 'ann' });
    await client.ask('join', { room: 'lobby' });
    await client.close(1001, 'off');
    expect(client.closed).toEqual({ code: 1001, reason: 'off' });
    expect(worker.get(Diary).lines).toEqual(['started', 'left: ann lobby 1001 {"room":"lobby"}']);
    expect(await worker.api.isUidOnline('ann')).toBe(false);
    expect(worker.clients).toEqual([]);
    await expect(client.send('more')).rejects.toMatchObject({
      code: 'ERR_NESTWIRE_TEST_CLIENT_CLOSED',
      closeCode: 1001,
    });
    await expect(client.next({ timeoutMs: 0 })).resolves.toMatchObject({ event: 'welcome' });
    await expect(client.next()).rejects.toMatchObject({ code: 'ERR_NESTWIRE_TEST_NO_MESSAGE', received: 3 });
    await client.close();
  });

  it('that is gone is 1006', async () => {
    const worker = await startRoom();
    const client = await worker.connect();
    await client.drop();
    expect(worker.get(Diary).lines.at(-1)).toBe('left: undefined  1006 {}');
  });

  it('that a handler wants is awaited with its message', async () => {
    const worker = await startRoom();
    const client = await worker.connect();
    await client.send({ event: 'leave me' });
    expect(client.closed).toEqual({ code: 4004, reason: 'closed by the application' });
    expect(worker.get(Diary).lines.at(-1)).toBe('left: undefined  4004 {}');
  });

  it('that a guard wants tells its close code', async () => {
    @ClientHandlers()
    class GuardedHandlers {
      @OnConnect()
      @UseGuards(TokenGuard)
      connected(): void {}
    }
    const worker = await start({ providers: [GuardedHandlers] });
    const denied = await worker.connect({ url: '/?token=bad' });
    expect(denied.closed).toEqual({ code: 1008, reason: 'denied' });
    expect((await worker.connect({ url: '/?token=good' })).closed).toBeUndefined();
    expect(worker.clients).toHaveLength(1);
  });

  it('comes with 1009 of a message that is too large', async () => {
    const worker = await start({ imports: [RoomModule] }, { maxMessageBytes: 100 });
    const client = await worker.connect();
    await client.send('x'.repeat(101));
    expect(client.closed?.code).toBe(1009);
    expect(worker.get(Diary).lines.at(-1)).toBe('left: undefined  1009 {}');
  });

  it('with its gateway has no OnClose', async () => {
    const worker = await startRoom();
    const client = await worker.connect();
    worker.loseGateway();
    expect(client.closed).toEqual({ code: 1006, reason: '' });
    expect(await worker.api.getClientCount()).toBe(0);
    expect(worker.get(Diary).lines).toEqual(['started']);
  });
});

describe('messages that do not come', () => {
  it('are told in time', async () => {
    const worker = await startRoom();
    const client = await worker.connect();
    await client.next();
    await expect(client.next({ timeoutMs: 20 })).rejects.toMatchObject({
      code: 'ERR_NESTWIRE_TEST_NO_MESSAGE',
      timeoutMs: 20,
      received: 1,
    });
  });

  it('are waited for', async () => {
    const worker = await startRoom();
    const client = await worker.connect();
    await client.next();
    const next = client.next();
    worker.api.sendToAll('late');
    expect(await next).toBe('late');
  });

  it('as answers are told too', async () => {
    const worker = await startRoom();
    const client = await worker.connect();
    await expect(client.ask('leave me')).rejects.toMatchObject({
      code: 'ERR_NESTWIRE_TEST_NO_REPLY',
      event: 'leave me',
    });
  });
});

describe('time', () => {
  it('is that of fake timers: a handler that never settles is given up at once', async () => {
    const worker = await start({ imports: [AppModule] });
    const client = await worker.connect();
    vi.useFakeTimers();
    const asked = client.ask('never');
    const refused = expect(asked).rejects.toMatchObject({ replyCode: 'TIMEOUT' });
    await vi.advanceTimersByTimeAsync(6_000);
    await refused;
    expect(worker.stats.timedOut).toBe(1);
  });

  it('may be real again before the worker is closed', async () => {
    const worker = await start({ imports: [AppModule] });
    const client = await worker.connect();
    vi.useFakeTimers();
    const refused = expect(client.ask('never')).rejects.toMatchObject({ replyCode: 'TIMEOUT' });
    await vi.advanceTimersByTimeAsync(6_000);
    await refused;
    vi.useRealTimers();
    await worker.close();
    // Clearing what fake timers have made would keep this from ever coming.
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('may stand still from the start', async () => {
    vi.useFakeTimers();
    const worker = await start({ imports: [RoomModule] });
    const client = await worker.connect();
    expect(await client.ask('count')).toBe(1);
    await client.close();
    await worker.close();
    expect(worker.get(Diary).lines).toEqual(['started', 'left: undefined  1000 {"count":1}', 'stopped']);
  });
});

describe('the subject', () => {
  it('that cannot start says why', async () => {
    @ClientHandlers()
    class BrokenHandlers {
      @OnWorkerStart()
      started(): void {
        throw new TypeError('no database');
      }
    }
    await expect(createTestWorker({ providers: [BrokenHandlers] })).rejects.toThrow('no database');
  });

  it('may be a testing module, with what is overridden in it', async () => {
    const clock: Clock = { now: () => 42 };
    const worker = await start(
      Test.createTestingModule({ imports: [AppModule] })
        .overrideProvider(Clock)
        .useValue(clock),
    );
    const client = await worker.connect();
    expect(await client.ask('join', { room: 'lobby' })).toEqual({ at: 42 });
    expect(worker.get(Clock)).toBe(clock);
  });

  it('needs a worker', async () => {
    await expect(createTestWorker(Test.createTestingModule({ providers: [Clock] }))).rejects.toMatchObject({
      code: 'ERR_NESTWIRE_TEST_NO_WORKER',
    });
  });

  it('is refused with options that it does not know', async () => {
    const wrong = { maxMessageByte: 1 } as object;
    await expect(createTestWorker({ imports: [RoomModule] }, wrong)).rejects.toMatchObject({
      code: 'ERR_NESTWIRE_INVALID_OPTION',
      option: 'testWorker.maxMessageByte',
    });
  });

  it.each([
    ['a module', (): Parameters<typeof start>[0] => ({ imports: [AppModule] })],
    ['a testing module', () => Test.createTestingModule({ imports: [AppModule] })],
  ])('is refused with options for a worker that %s has options for already', async (_what, subject) => {
    await expect(start(subject(), { worker: { handlerTimeoutMs: 50 } })).rejects.toMatchObject({
      code: 'ERR_NESTWIRE_INVALID_OPTION',
      option: 'testWorker.worker',
    });
  });

  it('may have commands of its own', async () => {
    const shout = defineCommand({ code: 100, request: jsonCodec((value) => value as string) });
    const sizes = defineQuestion({
      code: 101,
      request: jsonCodec((value) => value as string[]),
      reply: jsonCodec((value) => value as number[]),
    });
    const failing = defineCommand({ code: 102, request: jsonCodec((value) => value as string) });
    const unknown = defineCommand({ code: 103, request: jsonCodec((value) => value as string) });
    const commands: CustomCommand[] = [
      {
        definition: failing,
        execute: () => {
          throw new TypeError('of the application');
        },
      },
      {
        definition: shout,
        execute: (port, text) =>
          port.sendToMany(
            [...port.clients()].map((one) => one.connectionId),
            String(text),
          ),
      },
      {
        definition: sizes,
        execute: (port, groups) =>
          (groups as string[]).map((group) => [...port.clientsOfGroup(group)].length),
      },
    ];
    const log = { log: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const worker = await start({ imports: [RoomModule] }, { commands, logger: log });
    const client = await worker.connect();
    await client.ask('join', { room: 'lobby' });
    const [gateway] = worker.api.gateways;
    worker.api.sendToAddress(gateway!, shout, 'all');
    expect(client.received.at(-1)).toBe('all');
    expect(await worker.api.sendToAddressAndRecv(gateway!, sizes, ['lobby', 'empty'])).toEqual([1, 0]);
    worker.api.sendToAddress(gateway!, failing, 'nobody is told, but the log');
    expect(log.error).toHaveBeenCalledWith('Command 102 failed', expect.any(TypeError), 'TestGateway');
    expect(() => worker.api.sendToAddress(gateway!, unknown, 'x')).toThrow(
      expect.objectContaining({ code: 'ERR_NESTWIRE_TEST_UNKNOWN_COMMAND', command: 103 }),
    );
  });
});

describe('stopping', () => {
  it('finishes what has begun and takes nothing more', async () => {
    const worker = await startRoom();
    const client = await worker.connect();
    const asked = client.ask('count');
    await worker.close();
    expect(await asked).toBe(1);
    expect(worker.get(Diary).lines).toEqual(['started', 'stopped']);
    await expect(client.send('late')).rejects.toMatchObject({ code: 'ERR_NESTWIRE_TEST_NO_WORKER' });
  });

  it('shows what is left the sessions that are written meanwhile', async () => {
    const worker = await startRoom();
    const client = await worker.connect();
    const asked = Promise.all([client.ask('count later'), client.ask('count later')]);
    await worker.close();
    expect(await asked).toEqual([1, 2]);
  });
});
