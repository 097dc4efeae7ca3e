import { describe, expect, it } from 'vitest';
import type { EventSink } from '../event-port.js';
import { gateway, linkedTo } from '../test/pool-kit.js';
import type { ScriptedGateway } from '../test/scripted-gateway.js';

/** As SIGSTOP and SIGCONT: nothing of this process runs, and its clocks go on. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** What the system holds for the gateway's peer is written before the standstill, not after it. */
function say(node: ScriptedGateway, text: string): void {
  const link = node.linkOf('registerWorker');
  node.send(link, {
    type: 'receive',
    connectionId: 1,
    session: Buffer.alloc(0),
    data: Buffer.from(text),
  });
  link.flush();
}

/** It does not notice that we close our side, and goes on to talk: only our patience ends the link. */
function hearNothing(node: ScriptedGateway): void {
  node.linkOf('registerWorker').pause();
}

class KeptTexts implements EventSink {
  readonly texts: string[] = [];
  onText: (text: string) => void = () => undefined;
  readonly lost: string[] = [];

  event(...[, event]: Parameters<EventSink['event']>): void {
    const text = 'data' in event ? event.data.toString() : event.type;
    this.texts.push(text);
    this.onText(text);
  }

  gatewayLost(key: string): void {
    this.lost.push(key);
  }
}

/** A gateway that one link takes events of, and what it has heard of it. */
async function listening(closeTimeoutMs: number) {
  const node = await gateway();
  const { pool } = await linkedTo([node], { link: { closeTimeoutMs } });
  const sink = new KeptTexts();
  pool.subscribe(sink, { windowBytes: 0 });
  await node.until(() => node.of('registerWorker').length === 1);
  return { node, pool, sink };
}

describe('an event link of the base protocol that ends', () => {
  it('hands over what had come when its time was up in a standstill of the whole process', async () => {
    const { node, pool, sink } = await listening(50);
    pool.pause(node.key);
    hearNothing(node);
    say(node, 'one');
    say(node, 'two');
    // The gateway of this test stands still as well, and says more as soon as it goes on.
    sink.onText = (text) => {
      if (text === 'two') say(node, 'three');
    };
    pool.unsubscribe();
    standStill(150);
    await pool.eventsEnded();
    expect(sink.texts).toEqual(['one', 'two', 'three']);
    expect(sink.lost).toEqual([]);
  });

  it('takes a standstill for no silence where only a part of an event has come', async () => {
    const { node, pool, sink } = await listening(100);
    pool.pause(node.key);
    hearNothing(node);
    // Together more than sockets on the loopback hold, and each more than is read at once.
    const large = Array.from({ length: 200 }, (_, nth) => `${nth}`.padEnd(200_000, '.'));
    for (const text of large) say(node, text);
    sink.onText = () => {
      if (sink.texts.length <= 10) standStill(120);
    };
    pool.unsubscribe();
    await pool.eventsEnded();
    expect(sink.texts.length).toBe(large.length);
    expect(sink.texts).toEqual(large);
  });

  it('still ends once the gateway has sent nothing for closeTimeoutMs, counted from the last event', async () => {
    const { node, pool, sink } = await listening(200);
    hearNothing(node);
    const begin = performance.now();
    pool.unsubscribe();
    for (let nth = 0; nth < 4; nth++) {
      await new Promise((resolve) => setTimeout(resolve, 80));
      say(node, String(nth));
    }
    await pool.eventsEnded();
    expect(sink.texts).toEqual(['0', '1', '2', '3']);
    const tookMs = performance.now() - begin;
    expect(tookMs).toBeGreaterThanOrEqual(500);
    expect(tookMs).toBeLessThan(2_000);
  });
});
