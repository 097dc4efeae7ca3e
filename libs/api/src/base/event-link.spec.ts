import { describe, expect, it } from 'vitest';
import { Opcode, type GatewayEvent } from '#protocol';
import { SinkTakenError } from '../errors.js';
import type { EventSink, EventSource } from '../event-port.js';
import { ListedByHand, clientOf, gateway, linkedTo, twoGateways, unstarted } from '../test/pool-kit.js';
import type { ScriptedGateway } from '../test/scripted-gateway.js';

class KeptEvents implements EventSink {
  readonly events: string[] = [];
  readonly lost: string[] = [];
  #wake: (() => void) | undefined;

  event({ gateway: gatewayKey }: EventSource, event: GatewayEvent): void {
    const data = 'data' in event ? event.data.toString() : event.type;
    this.events.push(`${gatewayKey}:${event.connectionId}:${data}`);
    this.#wake?.();
  }

  gatewayLost(gatewayKey: string): void {
    this.lost.push(gatewayKey);
    this.#wake?.();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}

const TERMS = { windowBytes: 0 };
const NO_SESSION = Buffer.alloc(0);

async function eventLinkOf(node: ScriptedGateway, nth = 1) {
  await node.until(() => node.of('registerWorker').length >= nth);
  const received = node.of('registerWorker')[nth - 1];
  if (received === undefined) throw new Error('No worker registered');
  return received.link;
}

function say(node: ScriptedGateway, link: Parameters<ScriptedGateway['send']>[0], ...texts: string[]): void {
  for (const text of texts) {
    node.send(link, { type: 'receive', connectionId: 1, session: NO_SESSION, data: Buffer.from(text) });
  }
}

describe('event links', () => {
  it('register this worker with its tags, and hand events over in order with the key of their gateway', async () => {
    const [a, b] = await twoGateways({}, {});
    const { pool } = await linkedTo([a], { tags: ['blue', 7, null] });
    const sink = new KeptEvents();
    pool.subscribe(sink, TERMS);
    const link = await eventLinkOf(a);
    expect(a.of('registerWorker')[0]?.request).toEqual(['blue', 7, null]);
    const texts = Array.from({ length: 300 }, (_, i) => `m${i}`);
    say(a, link, ...texts);
    await sink.until(() => sink.events.length === 300);
    expect(sink.events).toEqual(texts.map((text) => `${a.key}:1:${text}`));
    expect(b.received).toEqual([]);
  });

  it('open to gateways that appear later, also when nothing was listed at first', async () => {
    const node = await gateway();
    const { pool, membership } = unstarted(new ListedByHand(), { startTimeoutMs: 0 });
    const sink = new KeptEvents();
    pool.subscribe(sink, TERMS);
    await pool.start();
    membership.list(node.address);
    say(node, await eventLinkOf(node), 'hello');
    await sink.until(() => sink.events.length === 1);
  });

  it('send pings', async () => {
    const node = await gateway();
    const { pool } = await linkedTo([node], { eventPingIntervalMs: 10 });
    pool.subscribe(new KeptEvents(), TERMS);
    await node.until(() => node.of('ping').length >= 3);
    const eventLink = await eventLinkOf(node);
    expect(node.of('ping').every(({ link }) => link === eventLink)).toBe(true);
  });

  it('end at a frame that is no event, tell the sink, come back, and leave all other links alone', async () => {
    const [a, b] = await twoGateways({ isOnline: () => true }, {});
    const { api, pool, log } = await linkedTo([a, b]);
    const sink = new KeptEvents();
    pool.subscribe(sink, TERMS);
    const [link, other] = await Promise.all([eventLinkOf(a), eventLinkOf(b)]);
    say(a, link, 'before');
    link.send((writer) => writer.u8(99));
    say(a, link, 'behind the bad one');
    await sink.until(() => sink.lost.length === 1);
    say(a, await eventLinkOf(a, 2), 'after');
    say(b, other, 'b');
    await sink.until(() => sink.events.length === 3);
    expect(sink.events.toSorted()).toEqual(
      [`${a.key}:1:after`, `${a.key}:1:before`, `${b.key}:1:b`].toSorted(),
    );
    expect(sink.lost).toEqual([a.key]);
    expect(await api.isOnline(clientOf(a, 1))).toBe(true);
    expect(a.accepted).toBe(3);
    expect(b.accepted).toBe(2);
    expect(log.warnings('The event link to the gateway')).toBe(1);
  });

  it('tell of no loss where there was no link yet', async () => {
    const node = await gateway();
    await node.stop();
    const { pool, log } = await linkedTo([node]);
    const sink = new KeptEvents();
    pool.subscribe(sink, TERMS);
    await expect.poll(() => log.warnings('could not be linked for events')).toBe(1);
    expect(sink.lost).toEqual([]);
  });

  it('outlive a sink that throws', async () => {
    const node = await gateway();
    const { pool, log } = await linkedTo([node]);
    const events: string[] = [];
    let onLast = (): void => undefined;
    const last = new Promise<void>((resolve) => (onLast = resolve));
    pool.subscribe(
      {
        event(_gateway, event) {
          const text = 'data' in event ? event.data.toString() : '';
          if (text === 'bad') throw new Error('handler');
          events.push(text);
          if (text === 'c') onLast();
        },
      },
      TERMS,
    );
    say(node, await eventLinkOf(node), 'a', 'bad', 'c');
    await last;
    expect(events).toEqual(['a', 'c']);
    expect(log.warnings('could not be handed over: handler')).toBe(1);
    expect(node.accepted).toBe(2);
  });

  it('hand text messages over as such to a sink that takes them, everything else as events, in order', async () => {
    const node = await gateway();
    const { pool, log } = await linkedTo([node]);
    const lines: string[] = [];
    const sink = new (class extends KeptEvents {
      textMessage(
        ...[{ gateway: key }, connectionId, session, text]: Parameters<NonNullable<EventSink['textMessage']>>
      ): void {
        if (text === 'bad') throw new Error('as asked');
        lines.push(`text ${key} ${connectionId} ${session.toString()} ${text}`);
      }
      override event(source: EventSource, event: GatewayEvent): void {
        lines.push(`event ${event.type}`);
        super.event(source, event);
      }
    })();
    pool.subscribe(sink, TERMS);
    const link = await eventLinkOf(node);
    const message = { type: 'message', connectionId: 7, flags: 0x21, session: Buffer.from('{}') } as const;
    for (const text of ['grüß', 'bad', 'on']) {
      node.send(link, { ...message, opcode: Opcode.Text, data: Buffer.from(text) });
    }
    node.send(link, { ...message, opcode: Opcode.Binary, data: Buffer.from('b') });
    await sink.until(() => sink.events.length === 1);
    expect(lines).toEqual([`text ${node.key} 7 {} grüß`, `text ${node.key} 7 {} on`, 'event message']);
    expect(log.warnings('as asked')).toBe(1);
    expect(sink.lost).toEqual([]);
  });

  it('are dialled again, or forgotten, also when the sink cannot bear the loss', async () => {
    const node = await gateway();
    const { pool, membership, log } = await linkedTo([node]);
    const sink = new KeptEvents();
    let losses = 0;
    pool.subscribe(
      {
        event: (source, event) => sink.event(source, event),
        gatewayLost: () => {
          losses++;
          throw new Error('loss');
        },
      },
      TERMS,
    );
    (await eventLinkOf(node)).destroy();
    say(node, await eventLinkOf(node, 2), 'again');
    await sink.until(() => sink.events.length === 1);
    expect(log.warnings('could not be handed over: loss')).toBe(1);
    membership.list();
    await node.stop();
    await expect.poll(() => pool.members.length).toBe(0);
    expect(losses).toBe(2);
  });

  it('go to one sink at a time', async () => {
    const { pool } = await linkedTo([]);
    pool.subscribe(new KeptEvents(), TERMS);
    expect(() => pool.subscribe(new KeptEvents(), TERMS)).toThrow(SinkTakenError);
    pool.unsubscribe();
    pool.subscribe(new KeptEvents(), TERMS);
  });
});

describe('a paused gateway', () => {
  /** More than sockets on the loopback hold. */
  const MANY = Array.from({ length: 400 }, (_, n) => `${n}`.padEnd(100_000, '.'));

  it('keeps what it has to say, says it when it is resumed, and holds no other up', async () => {
    const [a, b] = await twoGateways({}, {});
    const { pool } = await linkedTo([a, b], { eventPingIntervalMs: 10 });
    const sink = new KeptEvents();
    pool.subscribe(sink, TERMS);
    const [link, other] = await Promise.all([eventLinkOf(a), eventLinkOf(b)]);
    say(a, link, 'before');
    await sink.until(() => sink.events.length === 1);
    pool.pause(a.key);
    pool.pause(a.key);
    say(a, link, ...MANY);
    say(b, other, 'b');
    await sink.until(() => sink.events.length === 2);
    // It is not taken for dead meanwhile, and does not take us for dead.
    const pings = a.of('ping').length;
    await a.until(() => a.of('ping').length > pings + 3);
    expect(sink.events).toEqual([`${a.key}:1:before`, `${b.key}:1:b`]);
    expect(link.queuedBytes).toBeGreaterThan(10_000_000);
    pool.resume(a.key);
    await sink.until(() => sink.events.length === 2 + MANY.length);
    expect(sink.events.slice(2)).toEqual(MANY.map((text) => `${a.key}:1:${text}`));
    expect(sink.lost).toEqual([]);
    expect(a.accepted).toBe(2);
  });

  it('is still paused on the next link, and when it has left and come back', async () => {
    const node = await gateway();
    const { pool, membership } = await linkedTo([node]);
    const sink = new KeptEvents();
    pool.subscribe(sink, TERMS);
    pool.pause(node.key);
    (await eventLinkOf(node)).destroy();
    // What is not read is not noticed either.
    pool.resume(node.key);
    await sink.until(() => sink.lost.length === 1);
    pool.pause(node.key);
    const link = await eventLinkOf(node, 2);
    say(node, link, ...MANY);
    await node.until(() => node.links.length === 2);
    expect(await isHeldBack(link)).toBe(true);
    expect(sink.events).toEqual([]);
    pool.resume(node.key);
    await sink.until(() => sink.events.length === MANY.length);

    pool.pause(node.key);
    membership.list();
    for (const each of node.links) each.destroy();
    pool.node(node.key)?.resumeEvents();
    await expect.poll(() => pool.members.length).toBe(0);
    membership.list(node.address);
    const third = await eventLinkOf(node, 3);
    say(node, third, ...MANY);
    expect(await isHeldBack(third)).toBe(true);
    expect(sink.events).toHaveLength(MANY.length);
    pool.resume(node.key);
    await sink.until(() => sink.events.length === 2 * MANY.length);
  });

  it('is read to its end by unsubscribe, and not paused for whoever subscribes next', async () => {
    const node = await gateway();
    const { pool } = await linkedTo([node]);
    const sink = new KeptEvents();
    pool.subscribe(sink, TERMS);
    const link = await eventLinkOf(node);
    pool.pause(node.key);
    say(node, link, ...MANY);
    pool.unsubscribe();
    pool.pause(node.key);
    await pool.eventsEnded();
    expect(sink.events).toEqual(MANY.map((text) => `${node.key}:1:${text}`));
    expect(sink.lost).toEqual([]);

    const next = new KeptEvents();
    pool.subscribe(next, TERMS);
    say(node, await eventLinkOf(node, 2), 'next');
    await next.until(() => next.events.length === 1);
  });

  /** What the system has taken no longer grows, and some is left. */
  async function isHeldBack(link: Parameters<ScriptedGateway['send']>[0]): Promise<boolean> {
    for (let before = -1; before !== link.queuedBytes;) {
      before = link.queuedBytes;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return link.queuedBytes > 0;
  }
});

describe('unsubscribe', () => {
  it('still hands over what is under way, while commands go on, and reports no loss', async () => {
    const node = await gateway({ isOnline: () => true });
    const { api, pool } = await linkedTo([node]);
    const sink = new KeptEvents();
    pool.subscribe(sink, TERMS);
    const link = await eventLinkOf(node);
    say(node, link, 'under way');
    pool.unsubscribe();
    await pool.eventsEnded();
    expect(sink.events).toEqual([`${node.key}:1:under way`]);
    expect(sink.lost).toEqual([]);
    expect(await api.isOnline(clientOf(node, 1))).toBe(true);
    await node.until(() => node.links.length === 1);
    expect(node.accepted).toBe(2);
  });

  it('ends in closeTimeoutMs with a gateway that does not close its side', async () => {
    const node = await gateway();
    const { pool } = await linkedTo([node], { link: { closeTimeoutMs: 30 } });
    pool.subscribe(new KeptEvents(), TERMS);
    // A process that hangs: it does not even notice that we have closed our side.
    (await eventLinkOf(node)).pause();
    const begin = performance.now();
    pool.unsubscribe();
    await pool.eventsEnded();
    expect(performance.now() - begin).toBeLessThan(1_000);
  });
});
