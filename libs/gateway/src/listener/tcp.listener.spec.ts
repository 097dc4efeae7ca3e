import { describe, expect, it } from 'vitest';
import { COMMANDS } from '#protocol';
import { until } from '../../../../test/links/link-kit.js';
import { RawClient, WsClient } from '../test/clients.js';
import type { WorkerPeer } from '../test/lan-peer.js';
import { decoded, TestGateway } from '../test/test-gateway.js';

function lengthFrame(text: string): Buffer {
  const frame = Buffer.alloc(4 + Buffer.byteLength(text));
  frame.writeUInt32BE(Buffer.byteLength(text));
  frame.write(text, 4);
  return frame;
}

const MESSAGES = ['one', '', 'three\r', 'vier ü', 'x'.repeat(300)];
const WIRE = {
  newline: Buffer.from(MESSAGES.map((text) => `${text}\n`).join('')),
  length: Buffer.concat(MESSAGES.map(lengthFrame)),
} as const;
type Framed = keyof typeof WIRE;
const FRAMINGS = Object.keys(WIRE) as Framed[];

async function started(
  frame: string,
  options = {},
): Promise<{ node: TestGateway; worker: WorkerPeer; client: RawClient }> {
  const node = await TestGateway.start({ listen: [`tcp://127.0.0.1:0?frame=${frame}`], ...options });
  const worker = await node.worker();
  const client = await RawClient.dial(node.tcp);
  await worker.event('connect');
  return { node, worker, client };
}

async function expectTexts(worker: WorkerPeer, expected: readonly string[]): Promise<void> {
  await until(() => worker.texts.length >= expected.length, 'all messages have come');
  expect(worker.texts).toEqual(expected);
}

describe('a raw TCP client', () => {
  for (const frame of FRAMINGS) {
    it(`is heard with ${frame} framing, several messages in one chunk`, async () => {
      const { worker, client } = await started(frame);
      client.write(WIRE[frame]);
      await expectTexts(worker, MESSAGES);
      expect(worker.events.slice(1).every(({ type }) => type === 'receive')).toBe(true);
    });

    it(`is heard with ${frame} framing, byte by byte`, async () => {
      const { worker, client } = await started(frame);
      for (const byte of WIRE[frame]) {
        client.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await expectTexts(worker, MESSAGES);
    });

    it(`is told with ${frame} framing`, async () => {
      const { node, client } = await started(frame);
      const caller = await node.caller();
      const [connection] = node.connections;
      for (const message of MESSAGES)
        caller.command(COMMANDS.sendToClient, { connectionId: connection!.id, message });
      expect((await client.receivedBytes(WIRE[frame].length)).equals(WIRE[frame])).toBe(true);
    });

    it(`that sends too much at once with ${frame} framing is closed and counted, and what came before is heard`, async () => {
      const { node, worker, client } = await started(frame, { maxMessageBytes: 300 });
      const tooMuch =
        frame === 'newline' ? Buffer.from(`${'y'.repeat(301)}\n`) : lengthFrame('y'.repeat(301));
      client.write(Buffer.concat([WIRE[frame], tooMuch, WIRE[frame]]));
      await client.closed();
      await worker.event('close');
      expect(worker.texts).toEqual(MESSAGES);
      expect(node.stats.closedWith[1009]).toBe(1);
      expect(node.stats.badClientBytes).toBe(0);
    });
  }

  it('is heard as it comes with raw framing, and told without any', async () => {
    const { node, worker, client } = await started('raw');
    client.write(Buffer.from([0, 10, 255]));
    await until(() => worker.texts.length === 1, 'the bytes have come');
    expect(worker.events[1]).toMatchObject({ type: 'receive', data: Buffer.from([0, 10, 255]) });
    const caller = await node.caller();
    for (const message of ['a', '', 'b\n'])
      caller.command(COMMANDS.sendToClient, { connectionId: node.connections[0]!.id, message });
    expect((await client.receivedBytes(3)).toString()).toBe('ab\n');
  });

  it('that never ends a line is closed when it has more than a message', async () => {
    const { node, client } = await started('newline', { maxMessageBytes: 1000 });
    for (let i = 0; i < 20 && !client.isClosed; i++) client.write(Buffer.alloc(100, 'x'));
    await client.closed();
    expect(node.stats.closedWith[1009]).toBe(1);
  });

  it('that announces a gigabyte is closed at once', async () => {
    const { node, client } = await started('length');
    client.write(Buffer.from([0x40, 0, 0, 0]));
    await client.closed();
    expect(node.stats.closedWith[1009]).toBe(1);
  });

  it('has a close event without a code', async () => {
    const { worker, client } = await started('newline');
    client.socket.end();
    expect(decoded((await worker.event('close')).details)).toEqual({ uid: '', group_list: [], ws: 0 });
  });

  it('is closed when it sends nothing for tcpIdleTimeoutMs, whatever is sent to it', async () => {
    const { node, client } = await started('newline', { tcpIdleTimeoutMs: 300 });
    const caller = await node.caller();
    const started_ = performance.now();
    client.write('alive\n');
    while (!client.isClosed) {
      caller.command(COMMANDS.sendToAll, { exclude: [], message: 'still there?' });
      await caller.settled();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const lastedMs = performance.now() - started_;
    expect(lastedMs).toBeGreaterThan(250);
    expect(lastedMs).toBeLessThan(3_000);
  });

  it('is not idle while it sends now and then', async () => {
    const { node, client } = await started('newline', { tcpIdleTimeoutMs: 300 });
    const end = performance.now() + 900;
    while (performance.now() < end) {
      client.write('.\n');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(client.isClosed).toBe(false);
    expect(node.gateway.table.size).toBe(1);
  });
});

describe('several listeners', () => {
  it('serve clients of each kind at once, each in its own framing', async () => {
    const node = await TestGateway.start({
      listen: [
        'ws://127.0.0.1:0',
        'ws://127.0.0.1:0?send=binary',
        'tcp://127.0.0.1:0?frame=raw',
        'tcp://127.0.0.1:0?frame=newline',
        'tcp://127.0.0.1:0?frame=length',
      ],
    });
    const { urls } = node.gateway;
    expect(new Set(urls).size).toBe(5);
    const browsers = [await WsClient.open(urls[0]), await WsClient.open(urls[1])];
    const sockets = [
      await RawClient.dial(urls[2]),
      await RawClient.dial(urls[3]),
      await RawClient.dial(urls[4]),
    ];
    await node.connected(5);
    const caller = await node.caller();
    caller.command(COMMANDS.sendToAll, { exclude: [], message: 'all' });
    for (const browser of browsers) await browser.received(1);
    expect(browsers.map(({ messages }) => messages[0]!.isBinary)).toEqual([false, true]);
    const wires = await Promise.all(sockets.map((socket, index) => socket.receivedBytes([3, 4, 7][index]!)));
    expect(wires.map(String)).toEqual(['all', 'all\n', '\0\0\0\x03all']);
  });

  it('say which option to change when a port is taken', async () => {
    const node = await TestGateway.start();
    for (const taken of [node.ws!, node.tcp!]) {
      const address = new URL(taken).host;
      await expect(TestGateway.start({ listen: ['ws://127.0.0.1:0', taken] })).rejects.toThrow(
        expect.objectContaining({
          code: 'ERR_NESTWIRE_LISTEN',
          message:
            `Cannot listen on ${address}: listen EADDRINUSE: address already in use ${address}. ` +
            'Stop what uses that port, or set gateway.listen to another address (port 0 takes a free one).',
        }),
      );
    }
    const { host, port } = node.gateway.address!;
    await expect(TestGateway.start({ lan: `${host}:${port}` })).rejects.toThrow('set gateway.lan to another');
  });
});
