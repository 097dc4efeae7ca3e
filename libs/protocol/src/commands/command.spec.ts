import { describe, expect, it } from 'vitest';
import { ByteReader } from '../byte-reader.js';
import { byteStringFromText } from '../byte-string.js';
import { ByteWriter } from '../byte-writer.js';
import { ProtocolError } from '../errors.js';
import {
  ClientField,
  COMMANDS,
  isCustomCode,
  readReply,
  readRequest,
  UID_SAMPLE_SIZE,
  writeRequest,
  type Command,
  type CommandName,
  type Question,
} from './index.js';

function payload(write: (writer: ByteWriter) => void): Buffer {
  const writer = new ByteWriter();
  write(writer);
  return writer.view();
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was thrown');
}

/** Bytes of the shortest request, the code left out; those in `open` may be longer. */
const SHORTEST_REQUEST: Readonly<Record<CommandName, number>> = {
  ping: 0,
  bindUid: 4,
  closeClient: 5,
  deleteSession: 4,
  getClientCount: 0,
  getClientCountByGroup: 0,
  getClientCountByUid: 0,
  getClientInfo: 5,
  getClientList: 8,
  getClientListByGroup: 0,
  getClientListByUid: 0,
  getGroupList: 0,
  getSession: 4,
  getUidCount: 1,
  getUidList: 0,
  getUidListByGroup: 0,
  isOnline: 4,
  joinGroup: 4,
  leaveGroup: 4,
  registerWorker: 0,
  sendToAll: 2,
  sendToClient: 4,
  sendToGroup: 3,
  setSession: 4,
  unBindUid: 4,
  unGroup: 0,
  updateSession: 4,
};
const ENDS_AFTER_THAT: ReadonlySet<CommandName> = new Set([
  'ping',
  'closeClient',
  'deleteSession',
  'getClientCount',
  'getClientInfo',
  'getClientList',
  'getGroupList',
  'getSession',
  'getUidCount',
  'getUidList',
  'isOnline',
  'unBindUid',
]);

describe('the table of commands', () => {
  it('has the codes 0 to 26, each once', () => {
    const codes = Object.values(COMMANDS).map(({ code }) => code);
    expect(codes.toSorted((a, b) => a - b)).toEqual([...Array(27).keys()]);
    expect(codes.some(isCustomCode)).toBe(false);
  });

  it('knows which commands are answered', () => {
    const answered = Object.values(COMMANDS).filter(({ reply }) => reply !== undefined);
    expect(answered.map(({ code }) => code)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
  });

  it('samples at most 100 uids', () => {
    expect(UID_SAMPLE_SIZE).toBe(100);
  });
});

describe('a request', () => {
  it.each(Object.entries(SHORTEST_REQUEST) as [CommandName, number][])(
    'of %s needs %i bytes, and is refused when it is shorter',
    (name, shortest) => {
      const command = COMMANDS[name] as Command<unknown>;
      for (let size = 0; size < shortest; size++) {
        const error = thrownBy(() => readRequest(ByteReader.of(Buffer.alloc(size)), command));
        expect(error).toBeInstanceOf(ProtocolError);
        expect(error).toMatchObject({ code: 'ERR_NESTWIRE_TRUNCATED' });
      }
      if (name === 'registerWorker') return;
      const reader = ByteReader.of(Buffer.alloc(shortest));
      readRequest(reader, command);
      expect(reader.remaining).toBe(0);
    },
  );

  it.each([...ENDS_AFTER_THAT])('of %s is refused when it is longer', (name) => {
    const { code } = COMMANDS[name];
    const long = ByteReader.of(Buffer.alloc(SHORTEST_REQUEST[name] + 1));
    const error = thrownBy(() => readRequest(long, COMMANDS[name] as Command<unknown>));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({
      code: 'ERR_NESTWIRE_TRAILING_BYTES',
      message: `The request of command ${code} has 1 bytes after its last field`,
    });
  });

  it('begins with its code', () => {
    const bytes = payload((writer) => writeRequest(writer, COMMANDS.isOnline, { connectionId: 7 }));
    expect(bytes).toEqual(Buffer.of(16, 0, 0, 0, 7));
  });

  it('takes every byte but 0 for "yes", as PHP peers may send it', () => {
    const read = (byte: number) =>
      readRequest(ByteReader.of(Buffer.of(0, 0, 0, 1, byte)), COMMANDS.closeClient);
    expect([0, 1, 2, 255].map((byte) => read(byte).mode)).toEqual([0, 1, 2, 1]);
  });

  it('announces more excluded connections than there are bytes: refused', () => {
    const lying = ByteReader.of(Buffer.from('ffff' + '00000001', 'hex'));
    expect(thrownBy(() => readRequest(lying, COMMANDS.sendToAll))).toMatchObject({
      code: 'ERR_NESTWIRE_TRUNCATED',
    });
  });
});

describe('a reply', () => {
  it.each([
    ['getClientCount', '000001', 'ERR_NESTWIRE_TRUNCATED'],
    ['getClientCount', '0000000100', 'ERR_NESTWIRE_TRAILING_BYTES'],
    ['getClientCountByGroup', '', 'ERR_NESTWIRE_TRUNCATED'],
    ['getClientCountByUid', '0000000100', 'ERR_NESTWIRE_TRAILING_BYTES'],
    ['getClientList', '00000001000000', 'ERR_NESTWIRE_TRUNCATED'],
    ['getClientListByGroup', '00', 'ERR_NESTWIRE_TRUNCATED'],
    ['getClientListByUid', '0000000200', 'ERR_NESTWIRE_TRUNCATED'],
    ['getGroupList', '0561', 'ERR_NESTWIRE_TRUNCATED'],
    ['getUidList', '016102', 'ERR_NESTWIRE_TRUNCATED'],
    ['getUidListByGroup', 'ff', 'ERR_NESTWIRE_TRUNCATED'],
    ['getUidCount', '000000', 'ERR_NESTWIRE_TRUNCATED'],
    ['getUidCount', '0000000102', 'ERR_NESTWIRE_TRUNCATED'],
    ['isOnline', '', 'ERR_NESTWIRE_TRUNCATED'],
    ['isOnline', '0101', 'ERR_NESTWIRE_TRAILING_BYTES'],
    ['getClientInfo', '', 'ERR_NESTWIRE_TRUNCATED'],
    ['getClientInfo', '0000', 'ERR_NESTWIRE_TRAILING_BYTES'],
    ['getClientInfo', '010a0000', 'ERR_NESTWIRE_TRUNCATED'],
    ['getClientInfo', '04000561', 'ERR_NESTWIRE_TRUNCATED'],
    ['getClientInfo', '08ffffffff00', 'ERR_NESTWIRE_TRUNCATED'],
    ['getClientInfo', '10ffff0000', 'ERR_NESTWIRE_TRUNCATED'],
    ['getClientInfo', '02000100', 'ERR_NESTWIRE_TRAILING_BYTES'],
  ] as const)('to %s of the bytes "%s" is refused with %s', (name, hex, code) => {
    const error = thrownBy(() =>
      readReply(ByteReader.of(Buffer.from(hex, 'hex')), COMMANDS[name] as Question<unknown, unknown>),
    );
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ code });
  });

  it('tells an empty list in no bytes at all', () => {
    for (const name of ['getClientList', 'getGroupList', 'getUidList'] as const) {
      const question = COMMANDS[name] as Question<unknown, unknown>;
      expect(readReply(ByteReader.of(Buffer.alloc(0)), question)).toEqual([]);
      expect(payload((writer) => question.reply.write(writer, []))).toHaveLength(0);
    }
  });

  it('about a client repeats the asked bits, those that nobody knows included', () => {
    const reply = { fields: 0xc0 | ClientField.RemotePort, client: { remotePort: 80 } };
    const bytes = payload((writer) => COMMANDS.getClientInfo.reply.write(writer, reply));
    expect(bytes).toEqual(Buffer.of(0xc2, 0, 80));
    expect(readReply(ByteReader.of(bytes), COMMANDS.getClientInfo)).toEqual(reply);
  });

  it('about a client says "nothing" for what was asked and is not there', () => {
    const bytes = payload((writer) => COMMANDS.getClientInfo.reply.write(writer, { fields: 63, client: {} }));
    expect(bytes.toString('hex')).toBe(
      '3f' + '0000' + '00000000' + '0000' + '00000000' + '0000' + '00000000',
    );
  });

  it('about a client does not tell what was not asked', () => {
    const client = { uid: byteStringFromText('u'), remotePort: 80, session: Buffer.from('s') };
    const bytes = payload((writer) =>
      COMMANDS.getClientInfo.reply.write(writer, { fields: ClientField.Uid, client }),
    );
    expect(bytes).toEqual(Buffer.of(ClientField.Uid, 0, 1, 0x75));
  });
});
