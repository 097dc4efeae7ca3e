import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  byteStringFromText,
  ByteReader,
  ByteWriter,
  COMMANDS,
  readAcknowledge,
  readMarks,
  readReplyHead,
  readRequest,
  readTakeEvents,
  sendToUid,
  writeAcknowledge,
  writeFailedReply,
  writeMarks,
  writeReplyHead,
  writeRequest,
  writeRequestHead,
  writeTakeEvents,
  type Tag,
} from '#protocol';

interface Golden {
  readonly name: string;
  readonly hex: string;
  readonly fields?: { readonly redelivered?: boolean; readonly coalescingKey?: string };
  readonly ranges?: readonly number[];
  readonly id?: number;
  readonly connectionId?: number;
  readonly online?: boolean;
  readonly failure?: { readonly code: string; readonly text: string };
  readonly windowBytes?: number;
  readonly tags?: readonly Tag[];
  readonly uid?: string;
  readonly exclude?: readonly number[];
  readonly message?: string;
}

const goldens = JSON.parse(
  readFileSync(new URL('./extension/lan.json', import.meta.url), 'utf8'),
) as readonly Golden[];

function marksOf({
  redelivered,
  coalescingKey,
}: NonNullable<Golden['fields']>): Parameters<typeof writeMarks>[1] {
  return {
    ...(redelivered === true && { redelivered }),
    ...(coalescingKey !== undefined && { coalescingKey: byteStringFromText(coalescingKey) }),
  };
}

function write(writer: ByteWriter, golden: Golden): void {
  const { fields, ranges, id, connectionId, online, failure, windowBytes, tags, uid, exclude, message } =
    golden;
  if (fields !== undefined) return writeMarks(writer, marksOf(fields));
  if (ranges !== undefined) return writeAcknowledge(writer, ranges);
  if (failure !== undefined) return writeFailedReply(writer, id!, failure);
  if (online !== undefined) {
    writeReplyHead(writer, id!);
    return COMMANDS.isOnline.reply.write(writer, online);
  }
  if (connectionId !== undefined) {
    writeRequestHead(writer, id!);
    return writeRequest(writer, COMMANDS.isOnline, { connectionId });
  }
  if (windowBytes !== undefined) return writeTakeEvents(writer, { windowBytes, tags: tags! });
  writeRequest(writer, sendToUid, { uid: byteStringFromText(uid!), exclude: exclude!, message: message! });
}

/** The same facts, from the bytes. */
function read(reader: ByteReader, golden: Golden): Partial<Golden> {
  reader.u8();
  if (golden.fields !== undefined) return { fields: readMarks(reader) };
  if (golden.ranges !== undefined) {
    const ranges: number[] = [];
    readAcknowledge(reader, (first, count) => ranges.push(first, count));
    return { ranges };
  }
  if (golden.failure !== undefined) {
    const { id, failure } = readReplyHead(reader);
    return { id, failure: failure! };
  }
  if (golden.online !== undefined) {
    const { id } = readReplyHead(reader);
    return { id, online: COMMANDS.isOnline.reply.read(reader) };
  }
  if (golden.connectionId !== undefined) {
    const id = reader.u32();
    expect(reader.u8()).toBe(COMMANDS.isOnline.code);
    return { id, ...readRequest(reader, COMMANDS.isOnline) };
  }
  if (golden.windowBytes !== undefined) return readTakeEvents(reader);
  const { uid, exclude, message } = readRequest(reader, sendToUid);
  return { uid, exclude, message: message.toString() };
}

describe.each(goldens)('$name', (golden) => {
  const { name: _name, hex, ...facts } = golden;

  it('is written to the byte', () => {
    const writer = new ByteWriter();
    write(writer, golden);
    expect(writer.view().toString('hex')).toBe(hex);
  });

  it('is read back', () => {
    const reader = ByteReader.of(Buffer.from(hex, 'hex'));
    expect(read(reader, golden)).toEqual(facts);
    expect(reader.remaining).toBe(0);
  });
});
