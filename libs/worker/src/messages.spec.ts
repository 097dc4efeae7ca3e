import { afterEach, describe, expect, it } from 'vitest';

import { Opcode } from '#protocol';

import { Client, ClientContext, ClientHandlers, OnMessage, Payload } from './index.js';
import { closeWorkers, startWorker } from './test/start-worker.js';

afterEach(closeWorkers);

@ClientHandlers()
class One {
  @OnMessage('go')
  go(): number {
    return 1;
  }
}

describe('messages without a handler', () => {
  it('an unknown event is answered when it has an id, and counted', async () => {
    const { gateway, strategy } = await startWorker({ providers: [One] });
    gateway.say(1, 'nope', null, 5);
    gateway.say(1, 'nope');
    gateway.say(1, '__proto__', null, 6);
    expect(gateway.sent.map(({ message }) => JSON.parse(message) as unknown)).toEqual([
      { id: 5, error: { code: 'UNKNOWN_EVENT', message: 'No handler takes this event' } },
      { id: 6, error: { code: 'UNKNOWN_EVENT', message: 'No handler takes this event' } },
    ]);
    expect(strategy.stats).toMatchObject({ unknownEvents: 3, handled: 0, failed: 0 });
  });

  it.each(['{"event":1,"id":3}', '{"id":3}', '{"event":["go"],"data":1,"id":3}', ' {"id":3}'])(
    '%s is answered as a bad envelope',
    async (text) => {
      const { gateway, strategy } = await startWorker({ providers: [One] });
      gateway.text(1, text);
      expect(await gateway.nextReply()).toMatchObject({ id: 3, error: { code: 'BAD_ENVELOPE' } });
      expect(strategy.stats).toMatchObject({ badEnvelopes: 1, handled: 0, failed: 0 });
    },
  );

  it.each([
    'hello',
    '',
    '[1]',
    'null',
    '{"event":"go"',
    '{"event":"go","id":{}}',
    '{"event":"go","id":true}',
    '{"event":2}',
    '{"event":"go","id":1e999}',
  ])('%j is a bad envelope that cannot be answered', async (text) => {
    const { gateway, strategy } = await startWorker({ providers: [One] });
    gateway.text(1, text);
    expect(gateway.sent).toEqual([]);
    expect(strategy.stats).toMatchObject({ badEnvelopes: 1, handled: 0 });
  });

  it('binary messages and TCP bytes that cannot be one are no envelopes', async () => {
    const { gateway, strategy } = await startWorker({ providers: [One] });
    gateway.frame(1, Opcode.Binary, Buffer.from('{"event":"go","id":1}'));
    gateway.receive(2, Buffer.from(' {"event":"go","id":1}'));
    gateway.receive(2, Buffer.from([0x7b, 0xff, 0x7d]));
    expect(gateway.sent).toEqual([]);
    expect(strategy.stats).toMatchObject({ badEnvelopes: 0, unknownEvents: 0, handled: 0 });
    gateway.receive(2, Buffer.from('{"event":"go","id":'));
    expect(strategy.stats).toMatchObject({ badEnvelopes: 1 });
  });

  it('close frames and pings from an unchanged gateway are ignored', async () => {
    const seen: unknown[] = [];
    @ClientHandlers()
    class Handlers {
      @OnMessage()
      any(@Payload() message: unknown): void {
        seen.push(message);
      }
    }
    const { gateway, strategy } = await startWorker({ providers: [Handlers] });
    gateway.frame(1, Opcode.Close, Buffer.from([3, 232]));
    gateway.frame(1, Opcode.Ping, Buffer.from('p'));
    gateway.frame(1, Opcode.Pong, Buffer.from('p'));
    gateway.text(1, 'real');
    expect(seen).toEqual(['real']);
    expect(strategy.stats).toMatchObject({ handled: 1, badEvents: 0 });
  });
});

describe('raw handlers', () => {
  it('run first, in the order in which they are registered, and never answer', async () => {
    const seen: string[] = [];
    @ClientHandlers()
    class Events {
      @OnMessage('go')
      go(): string {
        seen.push('go');
        return 'answer';
      }
    }
    @ClientHandlers()
    class First {
      @OnMessage()
      one(@Payload() message: string): string {
        seen.push(`one ${message}`);
        return 'no answer';
      }
      @OnMessage()
      async two(): Promise<void> {
        await Promise.resolve();
        seen.push('two');
      }
    }
    @ClientHandlers()
    class Second {
      @OnMessage()
      three(@Client() client: ClientContext): void {
        seen.push(`three ${client.kind}`);
      }
    }
    const { gateway } = await startWorker({ providers: [Events, First, Second] });
    gateway.say(1, 'go', null, 1);
    expect(await gateway.nextReply()).toEqual({ id: 1, data: 'answer' });
    expect(seen).toEqual(['one {"event":"go","data":null,"id":1}', 'two', 'three ws', 'go']);
    expect(gateway.sent).toEqual([]);
  });

  it('that fail keep the event from nothing', async () => {
    @ClientHandlers()
    class Handlers {
      @OnMessage()
      bad(): never {
        throw new Error('raw');
      }
      @OnMessage('go')
      go(): string {
        return 'answer';
      }
    }
    const { gateway, strategy } = await startWorker({ providers: [Handlers] });
    gateway.say(1, 'go', null, 1);
    gateway.say(1, 'nope', null, 2);
    expect(await gateway.nextReply()).toEqual({ id: 1, data: 'answer' });
    expect(await gateway.nextReply()).toMatchObject({ id: 2, error: { code: 'UNKNOWN_EVENT' } });
    expect(strategy.stats).toMatchObject({ handled: 1, failed: 2, unknownEvents: 1 });
  });

  it('alone leave envelopes unparsed: nothing is unknown or bad', async () => {
    const seen: unknown[] = [];
    @ClientHandlers()
    class Handlers {
      @OnMessage()
      any(@Payload() message: unknown): void {
        seen.push(message);
      }
    }
    const { gateway, strategy } = await startWorker({ providers: [Handlers] });
    gateway.text(1, '{"event":"x","id":1}');
    gateway.text(1, '{"id":1');
    expect(seen).toHaveLength(2);
    expect(gateway.sent).toEqual([]);
    expect(strategy.stats).toMatchObject({ handled: 2, unknownEvents: 0, badEnvelopes: 0 });
  });
});
