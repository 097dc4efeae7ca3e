import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../../../test/links/link-kit.js';
import { SharedReader } from './shared-read.js';

const MiB = 1024 * 1024;
const SIDES = ['accepted', 'dialled'] as const;
type Side = (typeof SIDES)[number];

/** The two ends of a connection. */
interface Pair {
  readonly read: Socket;
  readonly peer: Socket;
}

async function pairs(side: Side, count: number): Promise<Pair[]> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const made: Pair[] = [];
  while (made.length < count) made.push(await pair(side, server));
  return made;
}

async function pair(side: Side, server: ReturnType<typeof createServer>): Promise<Pair> {
  const accepting = once(server, 'connection') as Promise<[Socket]>;
  const dialled = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  const [[accepted]] = await Promise.all([accepting, once(dialled, 'connect')]);
  for (const socket of [accepted, dialled]) {
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
  }
  return side === 'accepted' ? { read: accepted, peer: dialled } : { read: dialled, peer: accepted };
}

/** Reads with a reader of its own, and keeps copies of what each socket got. */
class Recorder {
  readonly chunks = new Map<Socket, Buffer[]>();
  /** What lies behind the chunks: one piece of memory when the sockets are read into one buffer. */
  readonly memories = new Set<ArrayBufferLike>();
  onChunk: ((socket: Socket) => void) | undefined;
  readonly #reader: SharedReader;

  constructor() {
    const recorder = this as Recorder;
    this.#reader = new SharedReader(function (chunk) {
      recorder.memories.add(chunk.buffer);
      recorder.chunks.get(this)!.push(Buffer.from(chunk));
      recorder.onChunk?.(this);
    });
  }

  read(socket: Socket): void {
    this.chunks.set(socket, []);
    this.#reader.attach(socket);
  }

  of(socket: Socket): Buffer {
    return Buffer.concat(this.chunks.get(socket)!);
  }

  bytesOf(socket: Socket): number {
    return this.chunks.get(socket)!.reduce((sum, { length }) => sum + length, 0);
  }

  async received(socket: Socket, bytes: number): Promise<Buffer> {
    await until(() => this.bytesOf(socket) >= bytes, `${bytes} bytes have come`);
    return this.of(socket);
  }
}

/** Bytes of which any four tell where they belong. */
function streamOf(seed: number, bytes: number): Buffer {
  const words = new Uint32Array(Math.ceil(bytes / 4)).map((_, i) => (i + seed * 0x0100_0000) * 2_654_435_761);
  return Buffer.from(words.buffer, 0, bytes);
}

/** More than the system holds for a socket that is not read. */
const FLOOD = streamOf(0, 16 * MiB);

/** Round trips on a connection of their own: what was to be delivered meanwhile would have been. */
async function passTime({ read, peer }: Pair, recorder: Recorder): Promise<void> {
  for (let i = 0; i < 50; i++) {
    const wanted = recorder.bytesOf(read) + 1;
    peer.write('.');
    await recorder.received(read, wanted);
  }
}

/** One that will be paused, and one that goes on meanwhile. */
async function slowAndClock(side: Side): Promise<{ slow: Pair; clock: Pair; recorder: Recorder }> {
  const [slow, clock] = (await pairs(side, 2)) as [Pair, Pair];
  const recorder = new Recorder();
  recorder.read(clock.read);
  return { slow, clock, recorder };
}

describe.each(SIDES)('an %s socket', (side) => {
  it('gets its own bytes in order, however many others send at once into the same buffer', async () => {
    const recorder = new Recorder();
    const all = await pairs(side, 8);
    for (const { read } of all) recorder.read(read);
    const streams = all.map((_, i) => streamOf(i, 300_000 + i * 77_777));
    const pieces = [1, 7, 64, 1_000, 4_097, 65_536, 100_001];
    for (let round = 0, at = 0; at < 900_000; round++) {
      const size = pieces[round % pieces.length]!;
      all.forEach(({ peer }, i) => void peer.write(streams[i]!.subarray(at, at + size)));
      at += size;
      if (round % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    for (const [i, { read }] of all.entries()) {
      const bytes = await recorder.received(read, streams[i]!.length);
      expect(bytes.equals(streams[i]!)).toBe(true);
      expect(read.bytesRead).toBe(streams[i]!.length);
    }
    expect(recorder.memories.size).toBe(1);
  });

  it('has no data listener: nothing is allocated for what it reads', async () => {
    const recorder = new Recorder();
    const [{ read, peer }] = (await pairs(side, 1)) as [Pair];
    recorder.read(read);
    peer.write('hello');
    expect((await recorder.received(read, 5)).toString()).toBe('hello');
    expect(read.listenerCount('data')).toBe(0);
    expect(read.readableLength).toBe(0);
  });

  it('gets nothing while it is paused, and loses nothing', async () => {
    const { slow, clock, recorder } = await slowAndClock(side);
    recorder.read(slow.read);
    slow.peer.write(FLOOD);
    await recorder.received(slow.read, 1);
    for (let pauses = 0; pauses < 5; pauses++) {
      slow.read.pause();
      const before = recorder.bytesOf(slow.read);
      expect(before).toBeLessThan(FLOOD.length);
      await passTime(clock, recorder);
      expect(recorder.bytesOf(slow.read)).toBe(before);
      expect(slow.peer.writableLength).toBeGreaterThan(0);
      slow.read.resume();
      await recorder.received(slow.read, before + 1);
    }
    expect((await recorder.received(slow.read, FLOOD.length)).equals(FLOOD)).toBe(true);
    expect(slow.read.bytesRead).toBe(FLOOD.length);
  });

  it('may be paused by what a chunk says: that chunk is the last', async () => {
    const { slow, clock, recorder } = await slowAndClock(side);
    recorder.onChunk = (socket) => void (socket === slow.read && socket.pause());
    recorder.read(slow.read);
    slow.peer.write(FLOOD);
    for (let chunks = 1; chunks <= 5; chunks++) {
      await until(() => recorder.chunks.get(slow.read)!.length === chunks, `${chunks} chunks have come`);
      await passTime(clock, recorder);
      expect(recorder.chunks.get(slow.read)).toHaveLength(chunks);
      slow.read.resume();
    }
    recorder.onChunk = undefined;
    slow.read.resume();
    expect((await recorder.received(slow.read, FLOOD.length)).equals(FLOOD)).toBe(true);
  });

  it('gets nothing when it is paused in the tick in which reading begins', async () => {
    const { slow, clock, recorder } = await slowAndClock(side);
    recorder.read(slow.read);
    slow.read.pause();
    slow.peer.write('later');
    await passTime(clock, recorder);
    expect(recorder.bytesOf(slow.read)).toBe(0);
    slow.read.resume();
    expect((await recorder.received(slow.read, 5)).toString()).toBe('later');
  });

  it('that was paused before it is read gets one chunk at most, and stays paused', async () => {
    const { slow, clock, recorder } = await slowAndClock(side);
    slow.read.pause();
    recorder.read(slow.read);
    slow.peer.write(FLOOD);
    await passTime(clock, recorder);
    expect(slow.read.isPaused()).toBe(true);
    expect(recorder.chunks.get(slow.read)!.length).toBeLessThanOrEqual(1);
    slow.read.resume();
    expect((await recorder.received(slow.read, FLOOD.length)).equals(FLOOD)).toBe(true);
  });

  it('gets one chunk at most for each look that its stream takes while it is paused', async () => {
    const { slow, clock, recorder } = await slowAndClock(side);
    recorder.read(slow.read);
    slow.read.pause();
    slow.peer.write(FLOOD);
    for (let looks = 1; looks <= 3; looks++) {
      slow.read.read(0);
      await passTime(clock, recorder);
      expect(recorder.chunks.get(slow.read)!.length).toBeLessThanOrEqual(looks);
    }
    slow.read.resume();
    expect((await recorder.received(slow.read, FLOOD.length)).equals(FLOOD)).toBe(true);
  });

  it('gets one chunk at most for a resume that a pause follows in the same tick', async () => {
    const { slow, clock, recorder } = await slowAndClock(side);
    recorder.read(slow.read);
    slow.read.pause();
    slow.peer.write(FLOOD);
    for (let round = 1; round <= 5; round++) {
      const before = recorder.chunks.get(slow.read)!.length;
      slow.read.resume();
      slow.read.pause();
      await passTime(clock, recorder);
      expect(recorder.chunks.get(slow.read)!.length - before).toBeLessThanOrEqual(1);
    }
    slow.read.resume();
    expect((await recorder.received(slow.read, FLOOD.length)).equals(FLOOD)).toBe(true);
  });

  it('hears of the end after the last byte, and of the close', async () => {
    const recorder = new Recorder();
    const [{ read, peer }] = (await pairs(side, 1)) as [Pair];
    const news: string[] = [];
    read.on('end', () => news.push(`end after ${recorder.bytesOf(read)}`));
    read.on('close', (hadError) => news.push(`close ${hadError}`));
    recorder.read(read);
    peer.end(streamOf(1, 200_000));
    await until(() => news.length === 2, 'it is closed');
    expect(news).toEqual(['end after 200000', 'close false']);
    expect(read.bytesRead).toBe(200_000);
  });

  it('hears of the end only when it reads on after a pause', async () => {
    const { slow, clock, recorder } = await slowAndClock(side);
    const news: string[] = [];
    slow.read.on('end', () => news.push('end'));
    slow.read.on('close', () => news.push('close'));
    recorder.read(slow.read);
    slow.read.pause();
    slow.peer.end(FLOOD);
    await passTime(clock, recorder);
    expect(news).toEqual([]);
    slow.read.resume();
    await until(() => news.length === 2, 'it is closed');
    expect(recorder.of(slow.read).equals(FLOOD)).toBe(true);
  });

  it('hears of a reset as an error and a close, without an end', async () => {
    const recorder = new Recorder();
    const [{ read, peer }] = (await pairs(side, 1)) as [Pair];
    const news: string[] = [];
    read.on('end', () => news.push('end'));
    read.on('error', ({ code }: NodeJS.ErrnoException) => news.push(code ?? ''));
    read.on('close', (hadError) => news.push(`close ${hadError}`));
    recorder.read(read);
    peer.write('half');
    await recorder.received(read, 4);
    peer.resetAndDestroy();
    await until(() => news.length === 2, 'it is closed');
    expect(news).toEqual(['ECONNRESET', 'close true']);
    expect(recorder.of(read).toString()).toBe('half');
  });

  it('gets nothing more when a chunk makes its owner destroy it, and others go on', async () => {
    const { slow, clock, recorder } = await slowAndClock(side);
    recorder.onChunk = (socket) => void (socket === slow.read && socket.destroy());
    recorder.read(slow.read);
    slow.peer.write(FLOOD);
    await once(slow.read, 'close');
    await passTime(clock, recorder);
    expect(recorder.chunks.get(slow.read)).toHaveLength(1);
  });

  it('that has taken bytes in before is read by its data events, those bytes first', async () => {
    const recorder = new Recorder();
    const [{ read, peer }] = (await pairs(side, 1)) as [Pair];
    peer.write('early ');
    await until(() => read.readableLength === 6, 'bytes have come before anybody reads');
    recorder.read(read);
    peer.write('late');
    expect((await recorder.received(read, 10)).toString()).toBe('early late');
    expect(read.listenerCount('data')).toBe(1);
  });
});

describe('a stream that is no socket of the system', () => {
  it('is read by its data events, to its end', async () => {
    const recorder = new Recorder();
    const [read, peer] = duplexPair();
    const socket = read as unknown as Socket;
    recorder.read(socket);
    let hasEnded = false;
    read.on('end', () => (hasEnded = true));
    peer.write('one');
    await recorder.received(socket, 3);
    read.pause();
    peer.end('two');
    await new Promise((resolve) => setImmediate(resolve));
    expect(recorder.of(socket).toString()).toBe('one');
    read.resume();
    await until(() => hasEnded, 'the stream has ended');
    expect(recorder.of(socket).toString()).toBe('onetwo');
    expect(read.listenerCount('data')).toBe(1);
  });

  it('is read whatever its handle is, as long as that takes no buffer', async () => {
    const recorder = new Recorder();
    const [read, peer] = duplexPair();
    const socket = Object.assign(read, { _handle: {} }) as unknown as Socket;
    recorder.read(socket);
    peer.write('as usual');
    expect((await recorder.received(socket, 8)).toString()).toBe('as usual');
  });
});
