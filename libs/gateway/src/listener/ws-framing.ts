import { isUtf8 } from 'node:buffer';
import { Opcode } from '#protocol';
import type { Framing } from '../connection/outgoing-message.js';
import type { WsMessageKind } from './listener-url.js';

const FIN = 0x80;
const MAX_7_BIT_LENGTH = 125;
const LENGTH_16_BIT = 126;
const LENGTH_64_BIT = 127;

/** One unfragmented, unmasked frame as a server sends it (RFC 6455 section 5.2). */
function encodeFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const headerBytes = length <= MAX_7_BIT_LENGTH ? 2 : length <= 0xffff ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerBytes + length);
  frame[0] = FIN | opcode;
  if (headerBytes === 2) {
    frame[1] = length;
  } else if (headerBytes === 4) {
    frame[1] = LENGTH_16_BIT;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = LENGTH_64_BIT;
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(length, 6);
  }
  payload.copy(frame, headerBytes);
  return frame;
}

/** Framings are compared by identity, so that all WebSocket clients share the frame of a broadcast. */
export const WS_FRAMINGS: Readonly<Record<WsMessageKind, Framing>> = {
  auto: { encode: (payload) => encodeFrame(isUtf8(payload) ? Opcode.Text : Opcode.Binary, payload) },
  text: { encode: (payload) => encodeFrame(Opcode.Text, payload) },
  binary: { encode: (payload) => encodeFrame(Opcode.Binary, payload) },
};
