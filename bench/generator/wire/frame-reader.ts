import { Opcode } from './client-frames.js';

/** What a server's bytes turn into. The bytes are valid during the call only. */
export interface FrameSink {
  message(bytes: Buffer, start: number, end: number): void;
  control(opcode: number, bytes: Buffer, start: number, end: number): void;
}

/** The server broke RFC 6455. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

const NOTHING = Buffer.alloc(0);
const FIN = 0x80;
const RESERVED = 0x70;
const OPCODE = 0x0f;
const MASKED = 0x80;
const WHOLE_TEXT = FIN | Opcode.Text;
const WHOLE_BINARY = FIN | Opcode.Binary;
const MAX_CONTROL_BYTES = 125;
const MAX_FRAME_BYTES = 256 * 1024 * 1024;
const FIRST_CARRY_BYTES = 256;

/**
 * Cuts a server's byte stream into messages. Frames that lie whole in what was read are parsed in place; only an unfinished tail is
 * copied, and no object is made for a message.
 */
export class FrameReader {
  #carry = NOTHING;
  #carried = 0;
  /** Of a message that comes in several frames; undefined between messages. */
  #fragments: Buffer[] | undefined;
  #stopped = false;
  /** Of the header read last. */
  #headBytes = 0;
  #payloadBytes = 0;

  constructor(private readonly sink: FrameSink) {}

  /** Hands over nothing any more, not even the rest of what is being read. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * @param length how much of `bytes` was read
   * @throws FrameError for what no server may send
   */
  push(bytes: Buffer, from: number, length: number): void {
    let at = from;
    if (this.#carried > 0) at = this.#finishCarried(bytes, at, length);
    while (!this.#stopped && at < length) {
      if (!this.#readHead(bytes, at, length)) break;
      const start = at + this.#headBytes;
      const end = start + this.#payloadBytes;
      if (end > length) break;
      const first = bytes[at]!;
      at = end;
      this.#deliver(first, bytes, start, end);
    }
    if (!this.#stopped && at < length) this.#append(bytes, at, length);
  }

  /** @returns false when the header is not complete */
  #readHead(bytes: Buffer, at: number, end: number): boolean {
    if (end - at < 2) return false;
    const second = bytes[at + 1]!;
    if (second < 126) {
      this.#headBytes = 2;
      this.#payloadBytes = second;
      return true;
    }
    if ((second & MASKED) !== 0) throw new FrameError('A server must not mask its frames');
    this.#headBytes = second === 126 ? 4 : 10;
    if (end - at < this.#headBytes) return false;
    const length = second === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    if (length > MAX_FRAME_BYTES) throw new FrameError(`A frame announces ${length} bytes`);
    this.#payloadBytes = length;
    return true;
  }

  #deliver(first: number, bytes: Buffer, start: number, end: number): void {
    if ((first === WHOLE_TEXT || first === WHOLE_BINARY) && this.#fragments === undefined) {
      return this.sink.message(bytes, start, end);
    }
    if ((first & RESERVED) !== 0) throw new FrameError('A reserved bit is set: no extension was agreed on');
    const opcode = first & OPCODE;
    if (opcode >= Opcode.Close) this.#deliverControl(first, bytes, start, end);
    else this.#collect(first, bytes.subarray(start, end));
  }

  #deliverControl(first: number, bytes: Buffer, start: number, end: number): void {
    const opcode = first & OPCODE;
    if ((first & FIN) === 0 || end - start > MAX_CONTROL_BYTES || opcode > Opcode.Pong) {
      throw new FrameError(`A control frame with opcode ${opcode} and ${end - start} bytes is not allowed`);
    }
    this.sink.control(opcode, bytes, start, end);
  }

  #collect(first: number, piece: Buffer): void {
    const isContinuation = (first & OPCODE) === Opcode.Continuation;
    if ((first & OPCODE) > Opcode.Binary || isContinuation !== (this.#fragments !== undefined)) {
      throw new FrameError(`A frame with opcode ${first & OPCODE} cannot stand here`);
    }
    this.#fragments ??= [];
    this.#fragments.push(Buffer.from(piece));
    if ((first & FIN) === 0) return;
    const whole = Buffer.concat(this.#fragments);
    this.#fragments = undefined;
    this.sink.message(whole, 0, whole.length);
  }

  /** Completes the frame that an earlier read left unfinished; returns where the next one begins. */
  #finishCarried(bytes: Buffer, from: number, length: number): number {
    let at = from;
    while (this.#carried > 0) {
      const wanted = this.#wantedBytes();
      if (wanted === this.#carried) {
        const frame = this.#carry;
        // Forgotten before the sink runs: a connection that idles afterwards keeps no buffer.
        this.#carry = NOTHING;
        this.#carried = 0;
        this.#deliver(frame[0]!, frame, this.#headBytes, wanted);
        break;
      }
      if (at === length) break;
      const end = Math.min(length, at + wanted - this.#carried);
      this.#append(bytes, at, end);
      at = end;
    }
    return at;
  }

  /** How long the carried frame is, as far as it can be told: to the end of its header, or of its payload. */
  #wantedBytes(): number {
    if (this.#carried < 2) return 2;
    if (this.#readHead(this.#carry, 0, this.#carried)) return this.#headBytes + this.#payloadBytes;
    return this.#headBytes;
  }

  #append(bytes: Buffer, start: number, end: number): void {
    const needed = this.#carried + end - start;
    if (needed > this.#carry.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#carry.length * 2, FIRST_CARRY_BYTES));
      this.#carry.copy(grown, 0, 0, this.#carried);
      this.#carry = grown;
    }
    bytes.copy(this.#carry, this.#carried, start, end);
    this.#carried = needed;
  }
}
