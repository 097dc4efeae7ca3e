import { isUtf8 } from 'node:buffer';
import { CloseCode, NestwireError } from '#protocol';
import { FragmentedMessage, GrowingBytes } from './growing-bytes.js';
import { NOT_ASCII, unmask } from './ws-unmask.js';

export interface WsReceiverSink {
  /** `data` is a view that is valid during the call only. */
  message(data: Buffer, isText: boolean): void;
  /** `data` is a view that is valid during the call only. */
  pinged(data: Buffer): void;
  /** `data` is a view that is valid during the call only. */
  ponged(data: Buffer): void;
  /** 1005 when the frame carries no code. Nothing is delivered after it. */
  closed(code: number, reason: string): void;
}

const PROTOCOL_ERROR = 1002;
const INVALID_TEXT = 1007;
const TOO_MANY_FRAGMENTS = 1008;

/** A client broke RFC 6455, or sent more than is taken. */
export class WsProtocolError extends NestwireError {
  override readonly name = 'WsProtocolError';
  constructor(
    readonly code:
      | 'ERR_NESTWIRE_WS_RESERVED_BITS'
      | 'ERR_NESTWIRE_WS_OPCODE'
      | 'ERR_NESTWIRE_WS_UNMASKED'
      | 'ERR_NESTWIRE_WS_CONTROL_FRAME'
      | 'ERR_NESTWIRE_WS_CLOSE_CODE'
      | 'ERR_NESTWIRE_WS_UTF8'
      | 'ERR_NESTWIRE_WS_MESSAGE_BYTES'
      | 'ERR_NESTWIRE_WS_FRAGMENTS',
    /** What the client is told: 1002, 1007, 1008 or 1009. */
    readonly closeCode: number,
    message: string,
  ) {
    super(message);
  }
}

const [TEXT, BINARY, CLOSE, PING, PONG] = [1, 2, 8, 9, 10];
const FIN = 0x80;
const WHOLE_TEXT = FIN | TEXT;
const WHOLE_BINARY = FIN | BINARY;
/** The bit that only the opcodes of control frames have. */
const CONTROL = 0x08;
const MASKED = 0x80;
const MAX_CONTROL_BYTES = 125;
/** As `ws` has it by default: even empty fragments must come to an end. */
const MAX_FRAGMENTS = 16_384;
const NO_STATUS = 1005;

/**
 * The server's end of RFC 6455 without extensions: cuts a client's bytes, whatever the chunks, into messages and control frames. Frames
 * that lie whole inside a chunk are unmasked and delivered where they lie. What is broken is refused as soon as it can be known, before
 * its payload has come; only UTF-8 and close codes are judged when all of it is there. A length that is written in more bytes than it
 * needs is taken, as `ws` does, although the RFC forbids to send it.
 *
 * Between messages it holds nothing but these few fields: there is one for each of very many clients that say nothing.
 */
export class WsReceiver {
  readonly #maxMessageBytes: number;
  /** The beginning of a frame, as it came. */
  #carry: GrowingBytes | undefined;
  /** What there must be of the carried frame before it is worth looking at again. */
  #wantedBytes = 0;
  #fragments: FragmentedMessage | undefined;
  #stopped = false;

  /** @param maxMessageBytes largest acceptable message, all its fragments together; at least 1, as the option of that name. */
  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Bytes held for a frame or a message that is not complete yet. */
  get carriedBytes(): number {
    return (this.#carry?.length ?? 0) + (this.#fragments?.length ?? 0);
  }

  /** Nothing more is delivered, not even of the chunk at hand. */
  stop(): void {
    this.#stopped = true;
    this.#carry = undefined;
    this.#fragments = undefined;
  }

  /**
   * @param chunk may be unmasked where it lies, and is not needed after the call.
   * @throws WsProtocolError for what RFC 6455 forbids or `maxMessageBytes` refuses, and whatever the sink throws. Nothing is decoded
   * after that.
   */
  push(chunk: Buffer, sink: WsReceiverSink): void {
    if (this.#stopped) return;
    try {
      const position = this.#carry === undefined ? 0 : this.#continue(this.#carry, chunk, sink);
      this.#pushInPlace(chunk, position, sink);
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  #pushInPlace(chunk: Buffer, from: number, sink: WsReceiverSink): void {
    let position = from;
    while (!this.#stopped) {
      const available = chunk.length - position;
      const size = this.#frameBytes(chunk, position, available);
      if (size > available) {
        if (available > 0) this.#carryOver(chunk, position, size);
        return;
      }
      const start = position;
      position += size;
      this.#deliver(chunk, start, position, sink);
    }
  }

  #carryOver(chunk: Buffer, position: number, wantedBytes: number): void {
    this.#carry = new GrowingBytes();
    this.#carry.append(chunk, position, chunk.length, wantedBytes);
    this.#wantedBytes = wantedBytes;
  }

  /** Moves bytes of the chunk over until the carried frame is complete; returns where the next one begins. */
  #continue(carry: GrowingBytes, chunk: Buffer, sink: WsReceiverSink): number {
    let position = 0;
    for (;;) {
      const end = Math.min(chunk.length, position + this.#wantedBytes - carry.length);
      carry.append(chunk, position, end, this.#wantedBytes);
      position = end;
      if (carry.length < this.#wantedBytes) return position;
      this.#wantedBytes = this.#frameBytes(carry.bytes, 0, carry.length);
      if (this.#wantedBytes === carry.length) {
        this.#carry = undefined;
        this.#deliver(carry.bytes, 0, carry.length, sink);
        return position;
      }
    }
  }

  /** The size of the frame at `at`. As long as `available` bytes do not tell it: how many are wanted to go on, which is more. */
  #frameBytes(bytes: Buffer, at: number, available: number): number {
    if (available < 2) return 2;
    const first = bytes[at]!;
    const second = bytes[at + 1]!;
    const isUsual = (first === WHOLE_TEXT || first === WHOLE_BINARY) && second >= MASKED;
    if (!isUsual || this.#fragments !== undefined) this.#checkHead(first, second);
    let length = second & 0x7f;
    if (length === 126) {
      if (available < 4) return 4;
      length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    } else if (length === 127) {
      if (available < 10) return 10;
      length = bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6);
    }
    if ((first & CONTROL) === 0) this.#checkRoom(length);
    return headBytes(second) + length;
  }

  /** In the order in which `ws` checks. */
  #checkHead(first: number, second: number): void {
    if ((first & 0x70) !== 0) {
      throw violation(
        'ERR_NESTWIRE_WS_RESERVED_BITS',
        'A frame has reserved bits, but no extension was agreed upon.',
      );
    }
    const opcode = first & 0x0f;
    if (opcode === 0) {
      if (this.#fragments === undefined) {
        throw violation('ERR_NESTWIRE_WS_OPCODE', 'A frame continues a message that was not begun.');
      }
    } else if (opcode === TEXT || opcode === BINARY) {
      if (this.#fragments !== undefined) {
        throw violation('ERR_NESTWIRE_WS_OPCODE', 'A message begins before the fragmented one has ended.');
      }
    } else if (opcode === CLOSE || opcode === PING || opcode === PONG) {
      checkControlFrame(opcode, (first & FIN) !== 0, second & 0x7f);
    } else {
      throw violation('ERR_NESTWIRE_WS_OPCODE', `A frame has the opcode ${opcode}, which means nothing.`);
    }
    if (second < MASKED) {
      throw violation('ERR_NESTWIRE_WS_UNMASKED', 'A frame is not masked, as all frames of clients must be.');
    }
  }

  #checkRoom(length: number): void {
    const room = this.#maxMessageBytes - (this.#fragments?.length ?? 0);
    if (length > room) {
      throw new WsProtocolError(
        'ERR_NESTWIRE_WS_MESSAGE_BYTES',
        CloseCode.MessageTooBig,
        `A client's message has more than ${this.#maxMessageBytes} bytes. See "maxMessageBytes".`,
      );
    }
    if (this.#fragments !== undefined && this.#fragments.count >= MAX_FRAGMENTS) {
      throw new WsProtocolError(
        'ERR_NESTWIRE_WS_FRAGMENTS',
        TOO_MANY_FRAGMENTS,
        `A client's message has more than ${MAX_FRAGMENTS} fragments.`,
      );
    }
  }

  #deliver(bytes: Buffer, at: number, end: number, sink: WsReceiverSink): void {
    const first = bytes[at]!;
    const start = at + headBytes(bytes[at + 1]!);
    const seenBits = unmask(bytes, start, end);
    if ((first & CONTROL) !== 0) {
      this.#deliverControl(first & 0x0f, bytes.subarray(start, end), sink);
    } else if (this.#fragments === undefined && first >= FIN) {
      deliverMessage(bytes.subarray(start, end), first === WHOLE_TEXT, seenBits, sink);
    } else {
      this.#collect(first, bytes.subarray(start, end), seenBits, sink);
    }
  }

  #collect(first: number, payload: Buffer, seenBits: number, sink: WsReceiverSink): void {
    const message = (this.#fragments ??= new FragmentedMessage((first & 0x0f) === TEXT));
    message.count++;
    message.seenBits |= seenBits;
    message.append(payload, 0, payload.length, this.#maxMessageBytes);
    if (first < FIN) return;
    this.#fragments = undefined;
    deliverMessage(message.bytes.subarray(0, message.length), message.isText, message.seenBits, sink);
  }

  #deliverControl(opcode: number, payload: Buffer, sink: WsReceiverSink): void {
    if (opcode === PING) return sink.pinged(payload);
    if (opcode === PONG) return sink.ponged(payload);
    const code = payload.length === 0 ? NO_STATUS : payload.readUInt16BE(0);
    const reason = payload.subarray(2);
    if (payload.length > 0) checkGoodbye(code, reason);
    this.stop();
    sink.closed(code, reason.toString('utf8'));
  }
}

function violation(code: WsProtocolError['code'], message: string): WsProtocolError {
  return new WsProtocolError(code, PROTOCOL_ERROR, message);
}

function invalidText(what: string): WsProtocolError {
  return new WsProtocolError('ERR_NESTWIRE_WS_UTF8', INVALID_TEXT, `${what} is not UTF-8.`);
}

function checkControlFrame(opcode: number, isFinal: boolean, length: number): void {
  if (!isFinal) throw violation('ERR_NESTWIRE_WS_CONTROL_FRAME', 'A control frame is fragmented.');
  if (length > MAX_CONTROL_BYTES) {
    throw violation(
      'ERR_NESTWIRE_WS_CONTROL_FRAME',
      `A control frame has more than ${MAX_CONTROL_BYTES} bytes.`,
    );
  }
  if (opcode === CLOSE && length === 1) {
    throw violation('ERR_NESTWIRE_WS_CONTROL_FRAME', 'A close frame has one byte: half of a code.');
  }
}

function checkGoodbye(code: number, reason: Buffer): void {
  const isRegistered = code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
  if (!isRegistered && !(code >= 3000 && code <= 4999)) {
    throw violation(
      'ERR_NESTWIRE_WS_CLOSE_CODE',
      `A close frame has the code ${code}, which must not be sent.`,
    );
  }
  if (!isUtf8(reason)) throw invalidText('The reason of a close frame');
}

/** @param seenBits of all its bytes, as `unmask` returns them: ASCII need not be looked at again. */
function deliverMessage(data: Buffer, isText: boolean, seenBits: number, sink: WsReceiverSink): void {
  if (isText && (seenBits & NOT_ASCII) !== 0 && !isUtf8(data)) throw invalidText("A client's text");
  sink.message(data, isText);
}

/** From the first byte of a frame to its payload, mask included. */
function headBytes(second: number): number {
  const length = second & 0x7f;
  return length < 126 ? 6 : length === 126 ? 8 : 14;
}
