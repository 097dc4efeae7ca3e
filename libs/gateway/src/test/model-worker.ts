import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { Link, resolveLinkOptions } from '#link';
import { ByteReader, ExtensionCode, FrameDecoder, readEvent, readMarks } from '#protocol';
import type { WorkerPool } from '../workers/worker-pool.js';

const CONGESTED_BYTES = 200_000;

/** A socket that takes what is written when it is told to, and not before: until then nobody may change it. */
class LazySocket extends EventEmitter {
  writableLength = 0;
  readonly writableHighWaterMark = 64 * 1024;
  readonly readableLength = 0;
  readonly connecting = true;
  readonly destroyed = false;
  bytesWritten = 0;
  #pending: Buffer[] = [];
  readonly #taken: Buffer[] = [];

  setNoDelay(): void {}

  destroy(): void {
    this.emit('close');
  }

  write(chunk: Buffer): boolean {
    this.#pending.push(chunk);
    this.writableLength += chunk.length;
    return false;
  }

  take(): void {
    this.#taken.push(Buffer.concat(this.#pending));
    this.#pending = [];
    this.writableLength = 0;
    this.emit('drain');
  }

  /** What has been taken arrives. */
  arrive(): Buffer {
    return Buffer.concat(this.#taken.splice(0));
  }
}

interface Handled {
  readonly sequence: number;
  readonly id: number;
  readonly text: string;
}

/** A worker behind a real link, to which everything comes when it is told to read. */
export class ModelWorker {
  readonly link: Link;
  readonly #socket = new LazySocket();
  readonly #decoder = new FrameDecoder(64 * 1024 * 1024);
  readonly #texts = new Map<number, string[]>();
  #unacknowledged: Handled[] = [];
  #sequence = 0;

  constructor(
    pool: WorkerPool,
    private readonly onEvent: (id: number, text: string, isAgain: boolean) => void,
  ) {
    const options = resolveLinkOptions({
      handshakeTimeoutMs: 0,
      keepAliveMs: 0,
      maxQueuedBytes: 0,
      highWaterMarkBytes: CONGESTED_BYTES,
    });
    this.link = new Link(this.#socket as unknown as Socket, 'worker', options, {
      frame: () => undefined,
      drained: (link) => pool.drained(link),
    });
    this.#socket.emit('connect');
    this.link.accept();
  }

  flush(isTaken: boolean): void {
    this.link.flush();
    if (isTaken) this.#socket.take();
  }

  end(): void {
    this.link.destroy();
  }

  /** It is sent something that is no event. */
  reply(bytes: number): void {
    this.link.send((writer) => {
      writer.u8(ExtensionCode.Reply);
      writer.bytes(Buffer.alloc(bytes, '!'));
    });
  }

  read(): void {
    this.#decoder.push(this.#socket.arrive(), (payload) => this.#onFrame(payload));
  }

  textsOf(id: number): readonly string[] {
    return this.#texts.get(id) ?? [];
  }

  takeHandled(from: number, count: number): readonly Handled[] {
    return this.#unacknowledged.splice(from, count);
  }

  #onFrame(payload: ByteReader): void {
    const bytes = Buffer.from(payload.rest());
    const reader = ByteReader.of(bytes);
    if (bytes[0] === ExtensionCode.Reply) return;
    const isMarked = bytes[0] === ExtensionCode.Marked;
    if (isMarked) reader.u8();
    const isAgain = isMarked && readMarks(reader).redelivered === true;
    const event = readEvent(reader);
    const text = event.type === 'receive' ? event.data.toString() : event.type;
    const id = event.connectionId;
    this.onEvent(id, text, isAgain);
    this.#texts.set(id, [...this.textsOf(id), text]);
    this.#unacknowledged.push({ sequence: ++this.#sequence, id, text });
  }
}
