import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { COMMANDS } from '#protocol';
import { until } from '../../../../test/links/link-kit.js';
import { closeFrameIn, RawClient, WsClient } from '../test/clients.js';
import { decoded, TestGateway } from '../test/test-gateway.js';
import { SlowClients, type Backlogged } from './slow-clients.js';

const TIMEOUT_MS = 10_000;
const STEP_MS = 1_000;

class Backlog implements Backlogged {
  #sentBytes = 0;
  unsentBytes = 0;

  constructor(private readonly mayDrop = false) {}

  get takenBytes(): number {
    return this.#sentBytes - this.unsentBytes;
  }

  get dueBytes(): number {
    return this.mayDrop ? this.takenBytes + 1 : this.#sentBytes;
  }

  send(bytes: number): void {
    this.#sentBytes += bytes;
    this.unsentBytes += bytes;
  }

  takes(bytes: number): void {
    this.unsentBytes -= Math.min(bytes, this.unsentBytes);
  }
}

describe('the watch for slow clients', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function watching(timeoutMs = TIMEOUT_MS): { slow: Backlog[]; watch: SlowClients<Backlog> } {
    const slow: Backlog[] = [];
    const watch = new SlowClients<Backlog>(timeoutMs, (client) => slow.push(client));
    watch.start();
    return { slow, watch };
  }

  it('finds a client that takes nothing for the timeout, once', () => {
    const { slow, watch } = watching();
    const client = new Backlog();
    client.send(100);
    watch.watch(client);
    vi.advanceTimersByTime(TIMEOUT_MS - 1);
    expect(slow).toEqual([]);
    vi.advanceTimersByTime(STEP_MS);
    expect(slow).toEqual([client]);
    vi.advanceTimersByTime(10 * TIMEOUT_MS);
    expect(slow).toEqual([client]);
  });

  it('lets be a client that is behind all the time and reads on', () => {
    const { slow, watch } = watching();
    const client = new Backlog();
    client.send(5_000);
    for (let i = 0; i < 200; i++) {
      client.send(1_000);
      watch.watch(client);
      vi.advanceTimersByTime(STEP_MS);
      client.takes(1_000);
    }
    expect(client.unsentBytes).toBeGreaterThan(0);
    expect(slow).toEqual([]);
  });

  it('finds a client that reads, but takes longer than the timeout for one byte', () => {
    const { slow, watch } = watching();
    const client = new Backlog();
    client.send(20_000);
    for (let i = 0; i < 15 && slow.length === 0; i++) {
      watch.watch(client);
      vi.advanceTimersByTime(STEP_MS);
      client.takes(1_000);
    }
    expect(slow).toEqual([client]);
  });

  it('lets be a client that takes anything at all, where what waits may be dropped, and finds it when it stops', () => {
    const { slow, watch } = watching();
    const client = new Backlog(true);
    client.send(20_000);
    watch.watch(client);
    for (let i = 0; i < 5; i++) {
      vi.advanceTimersByTime(TIMEOUT_MS - STEP_MS);
      client.takes(1);
    }
    vi.advanceTimersByTime(STEP_MS);
    expect(slow).toEqual([]);
    vi.advanceTimersByTime(TIMEOUT_MS);
    expect(slow).toEqual([client]);
  });

  it('forgets a client that has taken everything, and one that is gone', () => {
    const { slow, watch } = watching();
    const [fast, gone] = [new Backlog(), new Backlog()];
    for (const client of [fast, gone]) {
      client.send(10);
      watch.watch(client);
    }
    fast.takes(10);
    watch.forget(gone);
    vi.advanceTimersByTime(STEP_MS);
    fast.send(10); // not watched again: its socket took it at once
    vi.advanceTimersByTime(10 * TIMEOUT_MS);
    expect(slow).toEqual([]);
  });

  it('is off with a timeout of 0, and ends with stop', () => {
    const { slow, watch } = watching(0);
    const client = new Backlog();
    client.send(10);
    watch.watch(client);
    expect(vi.getTimerCount()).toBe(0);
    const stopped = watching();
    stopped.watch.watch(client);
    stopped.watch.stop();
    vi.advanceTimersByTime(10 * TIMEOUT_MS);
    expect([...slow, ...stopped.slow]).toEqual([]);
  });
});

const CHUNK = Buffer.alloc(64 * 1024, 'x');

describe('a client of a gateway that does not read', () => {
  it('is closed with 4001 when too many bytes wait for it, others do not notice, and memory is bounded', async () => {
    const limit = 512 * 1024;
    const node = await TestGateway.start({
      maxQueuedBytes: limit,
      slowClientTimeoutMs: 0,
      closeTimeoutMs: 500,
    });
    const worker = await node.worker();
    const frozen = await RawClient.upgrade(node.ws);
    const frozenTcp = await RawClient.dial(node.tcp);
    frozen.socket.pause();
    frozenTcp.socket.pause();
    const reader = await WsClient.open(node.ws);
    const [first] = await node.connected(3);
    const caller = await node.caller();
    let sent = 0;
    let mostQueued = 0;
    while (node.stats.closedWith[4001]! < 2) {
      caller.command(COMMANDS.sendToAll, { exclude: [], message: CHUNK });
      await reader.received(++sent);
      mostQueued = Math.max(mostQueued, ...node.connections.map(({ transport }) => transport.queuedBytes));
    }
    expect(mostQueued).toBeGreaterThan(limit / 2);
    expect(mostQueued).toBeLessThan(limit + 64);
    expect(first!.state).toBe('closing');
    await until(() => node.gateway.table.size === 1, 'both frozen clients are gone');
    const ends = (): unknown[] =>
      worker.events.flatMap((event) => (event.type === 'close' ? [decoded(event.details)] : []));
    await until(() => ends().length === 2, 'the worker knows');
    // Which of the two goes first is not promised; raw TCP has no close codes.
    expect(ends()).toContainEqual(expect.objectContaining({ code: 4001, reason: 'reading too slowly' }));
    caller.command(COMMANDS.sendToAll, { exclude: [], message: 'still here' });
    await reader.received(sent + 1);
    expect(reader.closing).toBeUndefined();
  });

  it('is closed with 4001 when something waits for longer than slowClientTimeoutMs', async () => {
    const node = await TestGateway.start({
      maxQueuedBytes: 0,
      slowClientTimeoutMs: 400,
      closeTimeoutMs: 5_000,
    });
    const frozen = await RawClient.upgrade(node.ws);
    frozen.socket.pause();
    const [connection] = await node.connected(1);
    const caller = await node.caller();
    while (connection!.transport.queuedBytes < 256 * 1024) {
      caller.command(COMMANDS.sendToClient, { connectionId: connection!.id, message: CHUNK });
      await caller.settled();
    }
    await until(() => node.stats.closedWith[4001] === 1, 'it is found to be slow');
    frozen.socket.resume();
    await frozen.closed();
    expect(closeFrameIn(frozen.received)).toEqual({ code: 4001, reason: 'reading too slowly' });
  });

  it('is not taken for slow while it reads on, slowly', async () => {
    const node = await TestGateway.start({ maxQueuedBytes: 0, slowClientTimeoutMs: 600, pingIntervalMs: 0 });
    const slow = await RawClient.dial(node.tcp);
    slow.socket.pause();
    const [connection] = await node.connected(1);
    const caller = await node.caller();
    const send = (): void =>
      caller.command(COMMANDS.sendToClient, { connectionId: connection!.id, message: CHUNK });
    while (connection!.transport.queuedBytes < 1024 * 1024) {
      send();
      await caller.settled();
    }
    // Twice the timeout and more: always behind, and always reading about as much as comes.
    const end = performance.now() + 1_500;
    let timesBehind = 0;
    while (performance.now() < end) {
      slow.socket.resume();
      await new Promise((resolve) => setTimeout(resolve, 15));
      slow.socket.pause();
      while (connection!.transport.queuedBytes < 1024 * 1024) {
        send();
        await caller.settled();
      }
      timesBehind++;
    }
    expect(timesBehind).toBeGreaterThan(5);
    expect(node.stats.closedWith[4001]).toBe(0);
    expect(slow.isClosed).toBe(false);
  });

  it('but gets a burst within one turn is not slow: only what the system does not take waits', async () => {
    const node = await TestGateway.start({ maxQueuedBytes: 100_000 });
    const client = await WsClient.open(node.ws);
    const [connection] = await node.connected(1);
    const caller = await node.caller();
    // One write of the caller, so that the gateway reads it in few turns.
    caller.socket.cork();
    for (let i = 0; i < 300; i++)
      caller.command(COMMANDS.sendToClient, {
        connectionId: connection!.id,
        message: CHUNK.subarray(0, 1_000),
      });
    caller.socket.uncork();
    await client.received(300);
    expect(node.stats.closedWith[4001]).toBe(0);
  });
});
