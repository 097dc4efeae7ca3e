import { describe, expect, it, vi } from 'vitest';
import type { Socket } from 'node:net';
import { COMMANDS, encodeFrame, writeRequest } from '#protocol';
import { OutgoingMessage, type Framing } from '../connection/outgoing-message.js';
import { SlowClients } from '../connection/slow-clients.js';
import { RawClient } from '../test/clients.js';
import { TestGateway } from '../test/test-gateway.js';
import { ClientOutput, type ClientOutputContext } from './client-output.js';
import { Flusher, type Flushable } from './flusher.js';
import { WS_FRAMINGS } from './ws-framing.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The four things that an output asks a socket. */
class FakeSocket {
  writable = true;
  writableLength = 0;
  bytesWritten = 0;
  readonly writes: string[] = [];
  takes = true;

  write(bytes: Buffer): void {
    this.writes.push(bytes.toString());
    this.bytesWritten += bytes.length;
    if (!this.takes) this.writableLength += bytes.length;
  }
}

/** Messages as they are. */
const PLAIN: Framing = {
  frameBytes: ({ length }) => length,
  writeFrame: (payload, target, offset) => target.set(payload, offset),
};

function send(output: ClientOutput<string>, payload: string | Buffer, isBroadcast = false): void {
  output.send(new OutgoingMessage(Buffer.from(payload), isBroadcast), PLAIN);
}

function outputOn(socket: FakeSocket, maxPendingBytes = 0, goodbye?: { readyState: number }) {
  const overflowed: unknown[] = [];
  const context: ClientOutputContext<string> = {
    flusher: new Flusher(),
    maxPendingBytes,
    backlog: undefined,
    slowClients: new SlowClients(0, () => undefined),
    overflowed: (output) => overflowed.push(output.client),
  };
  const output = new ClientOutput<string>(socket as unknown as Socket, context, goodbye);
  output.client = 'client';
  return { output, overflowed };
}

describe('what is sent to one client in one turn', () => {
  it('leaves in one write, in order', async () => {
    const socket = new FakeSocket();
    const { output } = outputOn(socket);
    for (const text of ['a', 'b', 'c']) send(output, text);
    expect(socket.writes).toEqual([]);
    expect(output.unsentBytes).toBe(3);
    await nextTurn();
    expect(socket.writes).toEqual(['abc']);
    send(output, 'd');
    await nextTurn();
    expect(socket.writes).toEqual(['abc', 'd']);
  });

  it('keeps its order when a direct message follows a broadcast that waits for its slice', async () => {
    const flusher = new Flusher();
    const sockets = Array.from({ length: 200 }, () => new FakeSocket());
    const outputs = sockets.map(
      (socket) =>
        new ClientOutput<string>(socket as unknown as Socket, {
          flusher,
          maxPendingBytes: 0,
          backlog: undefined,
          slowClients: new SlowClients(0, () => undefined),
          overflowed: () => undefined,
        }),
    );
    for (const output of outputs) send(output, 'all ', true);
    send(outputs[199]!, 'you');
    await nextTurn();
    const written = (): number => sockets.filter(({ writes }) => writes.length > 0).length;
    expect(sockets[199]!.writes).toEqual(['all you']);
    expect(written()).toBe(65);
    await nextTurn();
    expect(written()).toBe(129);
    await nextTurn();
    await nextTurn();
    expect(sockets.map(({ writes }) => writes)).toEqual([
      ...Array.from({ length: 199 }, () => ['all ']),
      ['all you'],
    ]);
  });

  it('is not written to a socket that has ended, nor after a close frame', async () => {
    const ended = new FakeSocket();
    const closing = new FakeSocket();
    const goodbye = { readyState: 1 };
    send(outputOn(ended).output, 'x');
    send(outputOn(closing, 0, goodbye).output, 'x');
    ended.writable = false;
    goodbye.readyState = 2;
    await nextTurn();
    expect([...ended.writes, ...closing.writes]).toEqual([]);
  });

  it('overflows when more than the limit waits behind what the system did not take', () => {
    const socket = new FakeSocket();
    const { output, overflowed } = outputOn(socket, 10);
    send(output, Buffer.alloc(100, 'a')); // alone it may be as large as messages may be
    send(output, Buffer.alloc(5, 'b')); // a healthy socket takes the first
    expect(socket.writes).toHaveLength(1);
    socket.takes = false;
    send(output, Buffer.alloc(5, 'c'));
    expect(overflowed).toEqual([]);
    expect(output.unsentBytes).toBe(10);
    send(output, Buffer.alloc(1, 'd'));
    expect(overflowed).toEqual(['client']);
    expect(socket.writes.slice(1)).toEqual(['bbbbbccccc']);
    expect(output.unsentBytes).toBe(10);
  });
});

describe('the flusher', () => {
  it('lets direct messages go before the next slice of a broadcast', async () => {
    const flusher = new Flusher();
    const order: string[] = [];
    const target = (name: string): Flushable => ({ flush: () => order.push(name) });
    for (let i = 0; i < 130; i++) flusher.mark(target('broadcast'), true);
    await nextTurn();
    flusher.mark(target('direct'), false);
    await nextTurn();
    await nextTurn();
    expect(order.indexOf('direct')).toBe(64);
    expect(order).toHaveLength(131);
  });
});

describe('a message for many', () => {
  it('is framed once for all clients that share a framing', () => {
    const writeFrame = vi.fn((payload: Buffer, target: Buffer, offset: number) =>
      target.set(payload, offset),
    );
    const [one, other]: Framing[] = [1, 2].map(() => ({ frameBytes: ({ length }) => length, writeFrame }));
    const message = new OutgoingMessage(Buffer.from('x'), true);
    const frames = [one!, one!, other!, one!, other!].map((framing) => message.framedBy(framing));
    expect(writeFrame).toHaveBeenCalledTimes(2);
    expect(frames[0]).toBe(frames[1]);
    expect(frames[0]).toBe(frames[3]);
    expect(frames[2]).toBe(frames[4]);
    expect(frames[2]).not.toBe(frames[0]);
  });

  it('costs one frame and one write a client through a whole gateway', async () => {
    const writeFrame = vi.spyOn(WS_FRAMINGS.auto, 'writeFrame');
    const node = await TestGateway.start();
    const clients = [await RawClient.upgrade(node.ws), await RawClient.upgrade(node.ws)];
    await node.connected(2);
    const caller = await node.caller();
    const frames = Array.from({ length: 100 }, () =>
      encodeFrame((writer) => writeRequest(writer, COMMANDS.sendToAll, { exclude: [], message: 'm' })),
    );
    caller.socket.write(Buffer.concat(frames));
    for (const client of clients) await client.receivedBytes(300);
    expect(writeFrame).toHaveBeenCalledTimes(100);
    // All hundred were read in one turn, and so left in one write, which loopback delivers as one chunk.
    expect(clients.map(({ chunks }) => chunks.length)).toEqual([1, 1]);
    writeFrame.mockRestore();
  });
});
