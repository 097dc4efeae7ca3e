import { ProtocolError } from '#protocol';
import type { Framing } from '../connection/outgoing-message.js';
import type { TcpFrame } from './listener-url.js';

const LF = 0x0a;
const LENGTH_BYTES = 4;
const NOTHING = Buffer.alloc(0);

/** Gets each message as a view that is valid during the call only. */
export interface MessageSink {
  message(data: Buffer): void;
}

/** Tells the messages in a client's bytes apart. One per connection, because of what it carries over between chunks. */
export interface TcpDecoder {
  /** @throws ProtocolError when a message is longer than allowed */
  push(chunk: Buffer, sink: MessageSink): void;
}

export interface TcpFraming extends Framing {
  decoder(maxMessageBytes: number): TcpDecoder;
}

function tooLong(maxMessageBytes: number): ProtocolError {
  return new ProtocolError(
    'ERR_NESTWIRE_FRAME_LENGTH',
    `A client's message has more than ${maxMessageBytes} bytes. See "maxMessageBytes".`,
  );
}

/** Bytes of an unfinished message, in a buffer that grows with what has arrived. */
class Tail {
  #bytes = NOTHING;
  length = 0;

  append(chunk: Buffer, start: number, end: number): void {
    const needed = this.length + end - start;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, this.length);
      this.#bytes = grown;
    }
    chunk.copy(this.#bytes, this.length, start, end);
    this.length = needed;
  }

  view(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  take(): Buffer {
    const bytes = this.view();
    this.#bytes = NOTHING;
    this.length = 0;
    return bytes;
  }
}

/** What arrives together is one message, as the system happens to cut it. */
const raw: TcpFraming = {
  frameBytes: ({ length }) => length,
  writeFrame: (payload, target, offset) => target.set(payload, offset),
  decoder: (maxMessageBytes) => ({
    push(chunk, sink) {
      if (chunk.length > maxMessageBytes) throw tooLong(maxMessageBytes);
      sink.message(chunk);
    },
  }),
};

/** A message ends with LF, which is not part of it. */
const newline: TcpFraming = {
  frameBytes: ({ length }) => length + 1,
  writeFrame(payload, target, offset) {
    target.set(payload, offset);
    target[offset + payload.length] = LF;
  },
  decoder: (maxMessageBytes) => new NewlineDecoder(maxMessageBytes),
};

class NewlineDecoder implements TcpDecoder {
  readonly #tail = new Tail();

  constructor(private readonly maxMessageBytes: number) {}

  push(chunk: Buffer, sink: MessageSink): void {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      if (this.#tail.length + end - start > this.maxMessageBytes) throw tooLong(this.maxMessageBytes);
      if (this.#tail.length === 0) {
        sink.message(chunk.subarray(start, end));
      } else {
        this.#tail.append(chunk, start, end);
        sink.message(this.#tail.take());
      }
      start = end + 1;
    }
    if (this.#tail.length + chunk.length - start > this.maxMessageBytes) throw tooLong(this.maxMessageBytes);
    if (start < chunk.length) this.#tail.append(chunk, start, chunk.length);
  }
}

/** A big-endian u32, which counts the bytes that follow it, stands before each message. */
const length: TcpFraming = {
  frameBytes: (payload) => LENGTH_BYTES + payload.length,
  writeFrame(payload, target, offset) {
    target.set(payload, target.writeUInt32BE(payload.length, offset));
  },
  decoder: (maxMessageBytes) => new LengthDecoder(maxMessageBytes),
};

class LengthDecoder implements TcpDecoder {
  readonly #tail = new Tail();

  constructor(private readonly maxMessageBytes: number) {}

  push(chunk: Buffer, sink: MessageSink): void {
    let position = 0;
    while (this.#tail.length > 0) {
      const wanted = this.#tail.length < LENGTH_BYTES ? LENGTH_BYTES : this.#endOf(this.#tail.view(), 0);
      const end = Math.min(chunk.length, position + wanted - this.#tail.length);
      this.#tail.append(chunk, position, end);
      position = end;
      if (this.#tail.length < wanted) return;
      if (wanted > LENGTH_BYTES || this.#endOf(this.#tail.view(), 0) === LENGTH_BYTES) {
        sink.message(this.#tail.take().subarray(LENGTH_BYTES));
      }
    }
    while (chunk.length - position >= LENGTH_BYTES) {
      const end = this.#endOf(chunk, position);
      if (end > chunk.length) break;
      sink.message(chunk.subarray(position + LENGTH_BYTES, end));
      position = end;
    }
    if (position < chunk.length) this.#tail.append(chunk, position, chunk.length);
  }

  #endOf(bytes: Buffer, position: number): number {
    const announced = bytes.readUInt32BE(position);
    if (announced > this.maxMessageBytes) throw tooLong(this.maxMessageBytes);
    return position + LENGTH_BYTES + announced;
  }
}

export const TCP_FRAMINGS: Readonly<Record<TcpFrame, TcpFraming>> = { raw, newline, length };
