export const Opcode = { Continuation: 0, Text: 1, Binary: 2, Close: 8, Ping: 9, Pong: 10 } as const;

const NO_MASK = Buffer.alloc(4);
/** One whose bytes differ and have all bits in one or the other, so that a payload that is unmasked wrongly is another. */
export const MASK = Buffer.of(0x37, 0xfa, 0x21, 0x9d);

export interface FrameShape {
  readonly fin?: boolean;
  /** RSV1 to RSV3: 4, 2 and 1. */
  readonly reserved?: number;
  /** Four bytes; null sends the frame unmasked, as only servers may. */
  readonly mask?: Buffer | null;
  /** In how many bits the length is written; by default in as few as it needs. */
  readonly lengthBits?: 7 | 16 | 64;
  /** What the frame claims its payload to have; by default what it has. */
  readonly announced?: number | bigint;
}

/** Any frame that a client could send, also one that it must not. */
export function wsFrame(opcode: number, payload: Uint8Array | string = '', shape: FrameShape = {}): Buffer {
  const { fin = true, reserved = 0, mask = MASK } = shape;
  const data = Buffer.from(payload);
  const length = lengthBytes(shape.announced ?? data.length, shape.lengthBits);
  if (mask !== null) length[0]! |= 0x80;
  const head = Buffer.of((fin ? 0x80 : 0) | (reserved << 4) | opcode);
  if (mask === null) return Buffer.concat([head, length, data]);
  return Buffer.concat([head, length, mask, masked(data, mask)]);
}

function lengthBytes(
  length: number | bigint,
  bits: 7 | 16 | 64 = length < 126 ? 7 : length < 65_536 ? 16 : 64,
): Buffer {
  const bytes = Buffer.alloc(bits === 7 ? 1 : bits === 16 ? 3 : 9);
  bytes[0] = bits === 7 ? Number(length) : bits === 16 ? 126 : 127;
  if (bits === 16) bytes.writeUInt16BE(Number(length), 1);
  if (bits === 64) bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
}

function masked(data: Buffer, mask: Buffer): Buffer {
  if (mask.equals(NO_MASK)) return data;
  return data.map((byte, i) => byte ^ mask[i & 3]!) as Buffer;
}

/** A message in frames: as many as there are pieces. */
export function fragmented(
  opcode: number,
  pieces: readonly (Uint8Array | string)[],
  shape: FrameShape = {},
): Buffer[] {
  return pieces.map((piece, i) =>
    wsFrame(i === 0 ? opcode : Opcode.Continuation, piece, { ...shape, fin: i === pieces.length - 1 }),
  );
}

/** The payload of a close frame. */
export function goodbye(code: number, reason: Uint8Array | string = ''): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(code);
  return Buffer.concat([bytes, Buffer.from(reason)]);
}
