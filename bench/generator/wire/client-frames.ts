/** RFC 6455 frames as a client sends them: masked, with one key for all, so that they can be built once. */

export const Opcode = { Continuation: 0, Text: 1, Binary: 2, Close: 8, Ping: 9, Pong: 10 } as const;

/** No byte of it is zero: every server has to unmask what it gets. */
const MASK_KEY = Uint8Array.of(0x5a, 0x13, 0xc7, 0x2e);
const MASKED = 0x80;
const FIN = 0x80;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

export function clientFrame(opcode: number, payload: Uint8Array): Buffer {
  const head = frameHead(opcode, payload.length);
  const frame = Buffer.allocUnsafe(head.length + payload.length);
  frame.set(head);
  for (let i = 0; i < payload.length; i++) frame[head.length + i] = payload[i]! ^ maskAt(i);
  return frame;
}

export function textFrame(text: string): Buffer {
  return clientFrame(Opcode.Text, Buffer.from(text));
}

export function closeFrame(code: number): Buffer {
  return clientFrame(Opcode.Close, Uint8Array.of(code >> 8, code & 0xff));
}

/** The byte of the key that masks byte `position` of a payload. */
export function maskAt(position: number): number {
  return MASK_KEY[position & 3]!;
}

function frameHead(opcode: number, length: number): Buffer {
  const extended = length < LENGTH_16 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + extended + MASK_KEY.length);
  head[0] = FIN | opcode;
  head[1] = MASKED | (extended === 0 ? length : extended === 2 ? LENGTH_16 : LENGTH_64);
  if (extended === 2) head.writeUInt16BE(length, 2);
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2);
  head.set(MASK_KEY, 2 + extended);
  return head;
}
