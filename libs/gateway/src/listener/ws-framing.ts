import { isUtf8 } from 'node:buffer';
import { Opcode } from '#protocol';
import { frameOf, type Framing } from '../connection/outgoing-message.js';
import type { WsMessageKind } from './listener-url.js';

const FIN = 0x80;
const MAX_7_BIT_LENGTH = 125;
const LENGTH_16_BIT = 126;
const LENGTH_64_BIT = 127;
const [CLOSE, PING, PONG] = [0x8, 0x9, 0xa];
const NO_STATUS = 1005;

/** Unfragmented, unmasked frames as a server sends them (RFC 6455 section 5.2). */
class WsFraming implements Framing {
  constructor(private readonly opcodeOf: (payload: Buffer) => number) {}

  frameBytes({ length }: Buffer): number {
    return length + (length <= MAX_7_BIT_LENGTH ? 2 : length <= 0xffff ? 4 : 10);
  }

  writeFrame(payload: Buffer, target: Buffer, offset: number): void {
    const { length } = payload;
    let position = offset;
    target[position++] = FIN | this.opcodeOf(payload);
    if (length <= MAX_7_BIT_LENGTH) {
      target[position++] = length;
    } else if (length <= 0xffff) {
      target[position++] = LENGTH_16_BIT;
      target[position++] = length >>> 8;
      target[position++] = length & 0xff;
    } else {
      target[position++] = LENGTH_64_BIT;
      position = target.writeUInt32BE(0, position);
      position = target.writeUInt32BE(length, position);
    }
    target.set(payload, position);
  }
}

/** Framings are compared by identity, so that all WebSocket clients share the frame of a broadcast. */
export const WS_FRAMINGS: Readonly<Record<WsMessageKind, Framing>> = {
  auto: new WsFraming((payload) => (isUtf8(payload) ? Opcode.Text : Opcode.Binary)),
  text: new WsFraming(() => Opcode.Text),
  binary: new WsFraming(() => Opcode.Binary),
};

const closeFraming = new WsFraming(() => CLOSE);
const pongFraming = new WsFraming(() => PONG);

/** A ping without data: the same for everybody. */
export const PING_FRAME = frameOf(new WsFraming(() => PING), Buffer.alloc(0));

export function pongFrame(data: Buffer): Buffer {
  return frameOf(pongFraming, data);
}

/** @param reason cut where the frame would be too long */
export function closeFrame(code: number, reason: string): Buffer {
  if (code === NO_STATUS) return frameOf(closeFraming, Buffer.alloc(0));
  const payload = Buffer.alloc(MAX_7_BIT_LENGTH);
  payload.writeUInt16BE(code, 0);
  // Never writes half a character.
  const bytes = payload.write(reason, 2, 'utf8');
  return frameOf(closeFraming, payload.subarray(0, 2 + bytes));
}
