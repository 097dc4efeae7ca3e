import { describe, expect, it } from 'vitest';
import type { EventSource } from '../event-port.js';
import {
  KeptSink,
  TERMS,
  binaryEvent,
  clientAt,
  extensionGateway,
  gate,
  linkedByExtension,
  textEvent,
} from '../test/extension-kit.js';

describe('events over the extension', () => {
  it('are asked for with tags and window, and come in order with their sequences', async () => {
    const node = await extensionGateway();
    const { pool } = await linkedByExtension([node], { tags: ['blue', 7] });
    const sink = new KeptSink();
    pool.subscribe(sink, { windowBytes: 5_000 });
    const link = await node.untilTaken();
    expect(pool.isWindowed).toBe(true);
    expect(node.of('takeEvents')[0]?.request).toEqual({ windowBytes: 5_000, tags: ['blue', 7] });
    for (let i = 0; i < 200; i++)
      node.send(link, i % 2 === 0 ? textEvent(1, `${i}`) : binaryEvent(2, `${i}`));
    await sink.until(() => sink.taken.length === 200);
    expect(sink.texts).toEqual(Array.from({ length: 200 }, (_, i) => `${i}`));
    expect(sink.taken.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    expect(sink.taken.every(({ source }) => source.gateway === node.id)).toBe(true);
  });

  it('say when another worker may have had them before', async () => {
    const node = await extensionGateway();
    const { pool } = await linkedByExtension([node]);
    const sink = new KeptSink();
    pool.subscribe(sink, TERMS);
    const link = await node.untilTaken();
    node.send(link, textEvent(1, 'again'), { redelivered: true });
    node.send(link, textEvent(1, 'marked'), {});
    node.send(link, textEvent(1, 'new'));
    await sink.until(() => sink.taken.length === 3);
    expect(sink.taken.map(({ text, sequence, isRedelivered }) => [text, sequence, isRedelivered])).toEqual([
      ['again', 1, true],
      ['marked', 2, false],
      ['new', 3, false],
    ]);
  });

  it('go as texts to a sink that takes them, numbered with all others', async () => {
    const node = await extensionGateway();
    const { pool, log } = await linkedByExtension([node]);
    const sink = new KeptSink();
    const texts: unknown[] = [];
    const textMessage = (
      source: EventSource,
      connectionId: number,
      session: Buffer,
      text: string,
      sequence: number,
    ): void => {
      if (text === 'bad') throw new Error('as asked');
      texts.push([source.gateway, connectionId, session.toString(), text, sequence]);
    };
    pool.subscribe(Object.assign(sink, { textMessage }), TERMS);
    const link = await node.untilTaken();
    node.send(link, textEvent(7, 'grüß', Buffer.from('{}')));
    node.send(link, textEvent(7, 'bad'));
    node.send(link, textEvent(7, 'again'), { redelivered: true });
    node.send(link, binaryEvent(7, 'b'));
    await sink.until(() => sink.taken.length === 2);
    expect(texts).toEqual([[node.id, 7, '{}', 'grüß', 1]]);
    expect(sink.taken.map(({ sequence }) => sequence)).toEqual([3, 4]);
    // What the sink could not take must not fill the window.
    await node.until(() => node.acknowledged.length === 1);
    expect(node.acknowledged).toEqual([2]);
    expect(log.warnings('as asked')).toBe(1);
  });

  it('are not taken by a process that did not ask: a gateway that sends some is left', async () => {
    const node = await extensionGateway();
    const { pool } = await linkedByExtension([node]);
    node.send(node.link, textEvent(1, 'unasked'));
    await node.until(() => node.peers.length === 2);
    expect(pool.members).toHaveLength(1);
  });
});

describe('acknowledgements', () => {
  it('of one turn are one frame of merged ranges, behind what the handlers called', async () => {
    const node = await extensionGateway();
    const { api, pool } = await linkedByExtension([node]);
    const sink = new KeptSink();
    sink.onEvent = ({ source, sequence, text }) => {
      if (text === '6') {
        for (const done of [4, 6, 1, 2, 5]) {
          api.sendToClient(clientAt(node, done), 'x');
          source.acknowledge(done);
        }
      } else if (sequence === 7) source.acknowledge(3);
    };
    pool.subscribe(sink, TERMS);
    const link = await node.untilTaken();
    for (let i = 1; i <= 6; i++) node.send(link, textEvent(i, `${i}`));
    await node.until(() => node.acknowledged.length === 5);
    expect(node.names).toEqual([
      'takeEvents',
      ...Array.from({ length: 5 }, () => 'sendToClient'),
      'acknowledge',
    ]);
    expect(node.acknowledged).toEqual([1, 2, 4, 5, 6]);
    node.send(link, textEvent(7, 'more'));
    await node.until(() => node.acknowledged.length === 6);
    expect(node.acknowledged.at(-1)).toBe(3);
  });

  it('leave after the commands that were called before, also those to other gateways', async () => {
    const [a, b] = [await extensionGateway(), await extensionGateway()];
    const { api, pool } = await linkedByExtension([a, b]);
    const sink = new KeptSink();
    const unsentAtAcknowledgement: number[] = [];
    sink.onEvent = ({ source, sequence }) => {
      const other = source.gateway === a.id ? b : a;
      api.sendToClient(clientAt(other, 1), 'hop');
      source.acknowledge(sequence);
    };
    pool.subscribe(sink, TERMS);
    const [toA, toB] = await Promise.all([a.untilTaken(), b.untilTaken()]);
    // Looks at what is written and not sent whenever an acknowledgement is written to a link.
    for (const node of pool.members) {
      const link = node.channel.commandLink;
      if (link === undefined) throw new Error('Not linked');
      const begin = link.beginFrame.bind(link);
      link.beginFrame = () => {
        const writer = begin();
        const u8 = writer.u8.bind(writer);
        writer.u8 = (code: number) => {
          writer.u8 = u8;
          if (code === 201) {
            const others = pool.members.filter((member) => member !== node);
            unsentAtAcknowledgement.push(others.reduce((sum, { channel }) => sum + channel.queuedBytes, 0));
          }
          u8(code);
        };
        return writer;
      };
    }
    for (let i = 0; i < 50; i++) {
      a.send(toA, textEvent(1, 'a'));
      b.send(toB, textEvent(1, 'b'));
    }
    await Promise.all([
      a.until(() => a.acknowledged.length === 50),
      b.until(() => b.acknowledged.length === 50),
    ]);
    expect(unsentAtAcknowledgement.length).toBeGreaterThan(1);
    // All that may wait there is the other acknowledgement of the same turn, which is no command: a batch of code, first and count.
    expect(Math.max(...unsentAtAcknowledgement)).toBeLessThanOrEqual(8 + 1 + 4 + 9);
    expect([a.of('sendToClient').length, b.of('sendToClient').length]).toEqual([50, 50]);
  });

  it('are written before the link is closed, and do nothing when it is over', async () => {
    const node = await extensionGateway();
    const { pool } = await linkedByExtension([node]);
    const sink = new KeptSink();
    pool.subscribe(sink, TERMS);
    const link = await node.untilTaken();
    node.send(link, textEvent(1, 'a'));
    node.send(link, textEvent(1, 'b'));
    await sink.until(() => sink.taken.length === 2);
    const [{ source } = { source: undefined }] = sink.taken;
    source?.acknowledge(1);
    await pool.close();
    source?.acknowledge(2);
    await node.until(() => node.links.length === 0);
    expect(node.acknowledged).toEqual([1]);
  });
});

describe('session writes', () => {
  it('are numbered on their link and told to the sink, until the gateway says that they are in its events', async () => {
    const node = await extensionGateway();
    const { api, pool } = await linkedByExtension([node]);
    const sink = new KeptSink();
    api.setSession(clientAt(node, 1), { before: 'it is in all sessions' });
    pool.subscribe(sink, TERMS);
    const link = await node.untilTaken();
    api.setSession(clientAt(node, 1), { a: 1 });
    api.sendToClient(clientAt(node, 1), 'no session');
    api.updateSession(clientAt(node, 2), { b: 2 });
    api.deleteSession(clientAt(node, 1));
    api.sendToAddress(node.address, Buffer.from([23, 0, 0, 0, 3, 0x7b, 0x7d]));
    const told = sink.writes.map(({ connectionId, write }) => [
      connectionId,
      write.kind,
      Buffer.from(write.session).toString(),
      write.number,
    ]);
    expect(told).toEqual([
      [1, 'set', '{"a":1}', 1],
      [2, 'merge', '{"b":2}', 2],
      [1, 'delete', '', 3],
      [3, 'set', '{}', 4],
    ]);
    await node.until(() => node.of('setSession').length === 3);
    node.sessionsApplied(link, 3);
    node.send(link, textEvent(1, 'x'));
    await sink.until(() => sink.taken.length === 1);
    expect(sink.applied).toEqual([3]);
    expect(sink.taken[0]?.source.appliedWrites).toBe(3);
  });
});

describe('unsubscribe over the extension', () => {
  it('says Leave, hands over what is under way, and keeps the link for commands and acknowledgements', async () => {
    const node = await extensionGateway({ saysLeft: false, script: { isOnline: () => true } });
    const { api, pool } = await linkedByExtension([node]);
    const sink = new KeptSink();
    pool.subscribe(sink, TERMS);
    const link = await node.untilTaken();
    pool.unsubscribe();
    await node.until(() => node.of('leave').length === 1);
    node.send(link, textEvent(1, 'under way'));
    node.left(link);
    await pool.eventsEnded();
    expect(sink.texts).toEqual(['under way']);
    sink.taken[0]?.source.acknowledge(1);
    await node.until(() => node.acknowledged.length === 1);
    expect(await api.isOnline(clientAt(node, 1))).toBe(true);
    expect(node.peers).toHaveLength(1);
  });

  it('ends when a gateway has said nothing for closeTimeoutMs, after which nothing more is handed over', async () => {
    const node = await extensionGateway({ saysLeft: false, script: { isOnline: () => true } });
    const { api, pool } = await linkedByExtension([node], { link: { closeTimeoutMs: 30 } });
    const sink = new KeptSink();
    pool.subscribe(sink, TERMS);
    const link = await node.untilTaken();
    pool.unsubscribe();
    await pool.eventsEnded();
    node.send(link, textEvent(1, 'too late'));
    expect(await api.isOnline(clientAt(node, 1))).toBe(true);
    expect(sink.texts).toEqual([]);
    expect(node.acknowledged).toEqual([]);
    pool.unsubscribe();
    await pool.eventsEnded();
    expect(node.of('leave')).toHaveLength(1);
  });

  it('can be followed by another sink, on a link of its own, when the first has got and handled the rest', async () => {
    const node = await extensionGateway({ saysLeft: false });
    const { api, pool } = await linkedByExtension([node]);
    const [first, second] = [new KeptSink(), new KeptSink()];
    const handlers = gate();
    first.handlers = handlers.opened;
    pool.subscribe(first, TERMS);
    const link = await node.untilTaken();
    pool.unsubscribe();
    pool.subscribe(second, TERMS);
    node.send(link, textEvent(1, 'for the first'));
    node.send(link, textEvent(1, 'and this'));
    node.left(link);
    await first.until(() => first.taken.length === 2);
    api.sendToClient(clientAt(node, 1), 'on its way');
    first.taken[0]?.source.acknowledge(1);
    await first.until(() => first.interruptions.length === 1);
    await node.until(() => node.acknowledged.length === 1);
    expect(node.names).toEqual(['takeEvents', 'leave', 'sendToClient', 'acknowledge']);
    expect(node.peers).toHaveLength(1);
    handlers.open();
    const next = await node.untilTaken(2);
    expect(next).not.toBe(link);
    node.send(next, textEvent(1, 'for the second'));
    await second.until(() => second.taken.length === 1);
    expect([first.texts, second.texts]).toEqual([['for the first', 'and this'], ['for the second']]);
    expect([second.taken[0]?.sequence, second.lost]).toEqual([1, []]);
  });

  it('may be called, and taken back, again and again', async () => {
    const node = await extensionGateway();
    const { pool } = await linkedByExtension([node]);
    const sinks = [new KeptSink(), new KeptSink(), new KeptSink(), new KeptSink()];
    for (const sink of sinks) {
      pool.subscribe(sink, TERMS);
      if (sink !== sinks.at(-1)) pool.unsubscribe();
    }
    const link = await node.untilTaken(2);
    node.send(link, textEvent(1, 'at last'));
    await sinks[3]?.until(() => sinks[3]?.taken.length === 1);
    expect(sinks.map(({ texts }) => texts)).toEqual([[], [], [], ['at last']]);
    expect(node.peers).toHaveLength(2);
  });
});
