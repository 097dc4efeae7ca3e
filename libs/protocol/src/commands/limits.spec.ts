import { describe, expect, it } from 'vitest';
import { ByteReader } from '../byte-reader.js';
import type { ByteString } from '../byte-string.js';
import { ByteWriter } from '../byte-writer.js';
import { InvalidArgumentError } from '../errors.js';
import { ClientField, COMMANDS, readRequest, writeRequest } from './index.js';

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was thrown');
}

describe('what does not fit its length', () => {
  const long = (length: number) => 'g'.repeat(length) as ByteString;
  const message = 'm';

  it.each<[string, string, () => unknown]>([
    [
      'more than 65535 excluded connections of a message to all',
      'exclude',
      () =>
        writeRequest(new ByteWriter(), COMMANDS.sendToAll, {
          exclude: Array<number>(65_536).fill(1),
          message,
        }),
    ],
    [
      'more than 65535 excluded connections of a message to a group',
      'exclude',
      () =>
        writeRequest(new ByteWriter(), COMMANDS.sendToGroup, {
          group: long(1),
          exclude: Array<number>(65_536).fill(1),
          message,
        }),
    ],
    [
      'a group name of 256 bytes in a message to the group',
      'group',
      () => writeRequest(new ByteWriter(), COMMANDS.sendToGroup, { group: long(256), exclude: [], message }),
    ],
    [
      'a group name of 256 bytes in a list',
      'name',
      () => COMMANDS.getGroupList.reply.write(new ByteWriter(), [long(256)]),
    ],
    [
      'a uid of 256 bytes in a list',
      'name',
      () => COMMANDS.getUidList.reply.write(new ByteWriter(), [long(256)]),
    ],
    [
      'a uid of 256 bytes in a list of a group',
      'name',
      () => COMMANDS.getUidListByGroup.reply.write(new ByteWriter(), [long(1), long(256)]),
    ],
    [
      'a uid of 256 bytes in a sample',
      'name',
      () => COMMANDS.getUidCount.reply.write(new ByteWriter(), { count: 1, sample: [long(256)] }),
    ],
    [
      'a uid of 65536 bytes in the facts about a client',
      'name',
      () =>
        COMMANDS.getClientInfo.reply.write(new ByteWriter(), {
          fields: ClientField.Uid,
          client: { uid: long(65_536) },
        }),
    ],
    [
      'more than 65535 groups in the facts about a client',
      'groups',
      () =>
        COMMANDS.getClientInfo.reply.write(new ByteWriter(), {
          fields: ClientField.Groups,
          client: { groups: Array<ByteString>(65_536).fill(long(0)) },
        }),
    ],
    [
      'an IPv6 address in the facts about a client',
      'host',
      () =>
        COMMANDS.getClientInfo.reply.write(new ByteWriter(), {
          fields: ClientField.RemoteIp,
          client: { remoteIp: '::1' },
        }),
    ],
  ])('is refused: %s', (_name, argument, write) => {
    const error = thrownBy(write);
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(error).toMatchObject({ code: 'ERR_NESTWIRE_INVALID_ARGUMENT', argument });
  });

  it('fits up to the last byte', () => {
    const full = {
      group: long(255),
      exclude: Array<number>(65_535).fill(0xffff_ffff),
      message: Buffer.from('m'),
    };
    const writer = new ByteWriter();
    COMMANDS.sendToGroup.request.write(writer, full);
    const bytes = writer.view();
    expect(bytes).toHaveLength(3 + 255 + 65_535 * 4 + 1);
    const read = readRequest(ByteReader.of(bytes), COMMANDS.sendToGroup);
    expect(read.group).toBe(full.group);
    expect(read.exclude).toHaveLength(65_535);
    expect(read.message.toString()).toBe('m');
  });
});
