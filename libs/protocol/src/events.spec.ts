import { describe, expect, it } from 'vitest';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { ProtocolError } from './errors.js';
import {
  EventCode,
  Opcode,
  readEvent,
  readTextMessage,
  writeEvent,
  writeMessage,
  writeReceive,
} from './events.js';

const HEAD = '0000002a' + '00000003' + '616263';
const session = Buffer.from('abc');

function written(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter();
  write(writer);
  return writer.view().toString('hex');
}

function refusal(hex: string): ProtocolError {
  try {
    readEvent(ByteReader.of(Buffer.from(hex, 'hex')));
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return error as ProtocolError;
  }
  throw new Error('Nothing was thrown');
}

describe('an event', () => {
  it('has a code of its own, 20 to 24', () => {
    expect(EventCode).toEqual({ Connect: 20, Receive: 21, Close: 22, Open: 23, Message: 24 });
    expect(Opcode).toEqual({ Text: 1, Binary: 2, Close: 8, Ping: 9, Pong: 10 });
  });

  it('is written field by field', () => {
    const details = Buffer.from('D');
    const head = { connectionId: 42, session };
    expect(written((writer) => writeEvent(writer, { type: 'connect', ...head }))).toBe('14' + HEAD);
    expect(written((writer) => writeEvent(writer, { type: 'receive', ...head, data: details }))).toBe(
      '15' + HEAD + '44',
    );
    expect(written((writer) => writeEvent(writer, { type: 'close', ...head, details }))).toBe(
      '16' + HEAD + '44',
    );
    expect(written((writer) => writeEvent(writer, { type: 'open', ...head, details }))).toBe(
      '17' + HEAD + '44',
    );
  });

  it('of a message says "one whole frame" as the original does, unless told otherwise', () => {
    const data = Buffer.from('D');
    expect(written((writer) => writeMessage(writer, 42, session, Opcode.Binary, data))).toBe(
      '18' + HEAD + '022144',
    );
    expect(written((writer) => writeMessage(writer, 42, session, Opcode.Text, data, 1))).toBe(
      '18' + HEAD + '010144',
    );
    const event = { type: 'message', connectionId: 42, session, opcode: 9, flags: 0x80, data } as const;
    expect(written((writer) => writeEvent(writer, event))).toBe('18' + HEAD + '098044');
  });

  it('is the same with and without an object in between', () => {
    const data = Buffer.from('D');
    expect(written((writer) => writeReceive(writer, 42, session, data))).toBe(
      written((writer) => writeEvent(writer, { type: 'receive', connectionId: 42, session, data })),
    );
  });

  it.each([
    ['nothing at all', ''],
    ['half a connection id', '140000'],
    ['half a session length', '14' + '0000002a' + '0000'],
    ['less session than announced', '18' + '0000002a' + '00000004' + '616263'],
    ['4 GiB of session announced', '15' + '0000002a' + 'ffffffff' + '616263'],
    ['no opcode', '18' + HEAD],
    ['no flags', '18' + HEAD + '01'],
  ])('is refused with %s', (_name, hex) => {
    expect(refusal(hex).code).toBe('ERR_NESTWIRE_TRUNCATED');
  });

  it('of a connect is refused when it goes on', () => {
    const error = refusal('14' + HEAD + '00');
    expect(error.code).toBe('ERR_NESTWIRE_TRAILING_BYTES');
    expect(error.message).toBe('A Connect event has 1 bytes after its last field');
  });

  it.each([0, 19, 25, 200, 255])('is refused when its code is %i', (code) => {
    const error = refusal(code.toString(16).padStart(2, '0') + HEAD);
    expect(error.code).toBe('ERR_NESTWIRE_UNKNOWN_CODE');
    expect(error.message).toBe(`No event has the code ${code}`);
  });
});

describe('a text message read without an event', () => {
  const text = { type: 'message', connectionId: 42, session, opcode: Opcode.Text, flags: 0x21 } as const;

  function readerOf(event: Parameters<typeof writeEvent>[1]): ByteReader {
    const writer = new ByteWriter();
    writeEvent(writer, event);
    return ByteReader.of(writer.view());
  }

  it('is what the event would have been', () => {
    const taken: unknown[] = [];
    const reader = readerOf({ ...text, data: Buffer.from('grüß') });
    expect(readTextMessage(reader, (...parts) => void taken.push(parts))).toBe(true);
    expect(taken).toEqual([[42, session, 'grüß']]);
    expect(reader.remaining).toBe(0);
  });

  it.each([
    { ...text, opcode: Opcode.Binary, data: Buffer.from('b') },
    { ...text, opcode: Opcode.Close, data: Buffer.alloc(0) },
    { type: 'receive', connectionId: 42, session, data: Buffer.from('r') } as const,
    { type: 'connect', connectionId: 42, session } as const,
  ])('is no other event, and of that one nothing is read: $type $opcode', (event) => {
    const reader = readerOf(event);
    expect(readTextMessage(reader, () => expect.fail('taken'))).toBe(false);
    expect(readEvent(reader)).toEqual(event);
  });

  it.each(['', '18', '18' + HEAD, '18' + HEAD + '01', '18' + '0000002a' + '00000004' + '616263'])(
    'is refused when it is cut short: %j',
    (hex) => {
      const reader = ByteReader.of(Buffer.from(hex, 'hex'));
      expect(() => readTextMessage(reader, () => expect.fail('taken'))).toThrow(
        expect.objectContaining({ code: 'ERR_NESTWIRE_TRUNCATED' }),
      );
    },
  );
});
