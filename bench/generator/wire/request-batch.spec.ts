import { describe, expect, it } from 'vitest';
import { Opcode } from './client-frames.js';
import type { Connection } from './connection.js';
import { RequestBatch } from './request-batch.js';

/** What a server reads from a client's frames, by the letter of RFC 6455. */
function unmasked(bytes: Buffer): { first: number; key: number[]; payload: string }[] {
  const frames = [];
  for (let at = 0; at < bytes.length;) {
    const short = bytes[at + 1]! & 0x7f;
    expect(bytes[at + 1]! & 0x80).toBe(0x80);
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    const length =
      short < 126
        ? short
        : short === 126
          ? bytes.readUInt16BE(at + 2)
          : Number(bytes.readBigUInt64BE(at + 2));
    const key = [...bytes.subarray(at + head, at + head + 4)];
    const payload = bytes
      .subarray(at + head + 4, at + head + 4 + length)
      .map((byte, i) => byte ^ key[i & 3]!);
    frames.push({ first: bytes[at]!, key, payload: Buffer.from(payload).toString() });
    at += head + 4 + length;
  }
  return frames;
}

/** Takes what is sent as a socket does. */
function connection(leavesAtOnce: boolean): { connection: Connection; sent: Buffer[]; views: Uint8Array[] } {
  const sent: Buffer[] = [];
  const views: Uint8Array[] = [];
  const send = (frames: Uint8Array): boolean => {
    sent.push(Buffer.from(frames));
    views.push(frames);
    return leavesAtOnce;
  };
  return { connection: { send } as unknown as Connection, sent, views };
}

describe('a batch of requests', () => {
  it.each([0, 1, 2, 3, 130, 70_000])(
    'masks the numbers at offset %i of the payload with a key without zeros',
    (offset) => {
      const batch = new RequestBatch(Opcode.Text, Buffer.from(`${'p'.repeat(offset)}00000000tail`), offset);
      const { connection: target, sent } = connection(true);
      batch.add(0x0123abcd, target);
      batch.add(0xffffffff, target);
      batch.sendTo(target);
      const frames = unmasked(Buffer.concat(sent));
      expect(frames.map(({ payload }) => payload.slice(offset))).toEqual(['0123abcdtail', 'fffffffftail']);
      expect(frames.every(({ first, key }) => first === 0x81 && !key.includes(0))).toBe(true);
    },
  );

  it('sends all that was added in one write, and nothing twice', () => {
    const batch = new RequestBatch(Opcode.Binary, Buffer.from('00000000'), 0);
    const { connection: target, sent } = connection(true);
    for (let i = 0; i < 5; i++) batch.add(i, target);
    batch.sendTo(target);
    batch.sendTo(target);
    expect(sent).toHaveLength(1);
    expect(unmasked(sent[0]!)).toHaveLength(5);
  });

  it('leaves bytes alone that the kernel has not taken', () => {
    const batch = new RequestBatch(Opcode.Text, Buffer.from('00000000'), 0);
    const { connection: target, sent, views } = connection(false);
    for (let i = 1; i <= 3; i++) {
      batch.add(i, target);
      batch.sendTo(target);
    }
    expect(views.map((view) => Buffer.from(view))).toEqual(sent);
    expect(sent.map((bytes) => unmasked(bytes)[0]!.payload)).toEqual(['00000001', '00000002', '00000003']);
  });
});
