import { describe, expect, it } from 'vitest';
import { GatewayLoss } from './gateway-loss.js';
import { KeptSink, TERMS, extensionGateway, linkedByExtension, textEvent } from './test/extension-kit.js';

/** As SIGSTOP and SIGCONT: nothing of this process runs, and its clocks go on. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('after a standstill of the whole process', () => {
  it('what a gateway had sent before its Left is handed over, though its time is up', async () => {
    const node = await extensionGateway({ saysLeft: false });
    const { pool } = await linkedByExtension([node], { link: { closeTimeoutMs: 200 } });
    const sink = new KeptSink();
    pool.subscribe(sink, TERMS);
    const link = await node.untilTaken();
    pool.unsubscribe();
    await node.until(() => node.of('leave').length === 1);
    node.send(link, textEvent(1, 'under way'));
    link.flush();
    standStill(400);
    await sink.until(() => sink.taken.length === 1);
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    node.send(link, textEvent(1, 'also'));
    node.left(link);
    await pool.eventsEnded();
    expect(sink.texts).toEqual(['under way', 'also']);
  });

  it('no gateway is lost that nobody has tried to reach meanwhile', async () => {
    let told = 0;
    const loss = new GatewayLoss(30, () => told++);
    loss.dialling();
    standStill(1_200);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(told).toBe(0);
    await expect.poll(() => told).toBe(1);
    loss.stop();
  });
});
