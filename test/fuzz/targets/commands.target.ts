import {
  COMMANDS,
  defineCommand,
  jsonCodec,
  ProtocolError,
  readRequest,
  writeRequest,
  type Command,
} from '#protocol';
import { messageTarget } from '../message-target.js';
import { goldenPayloads, words } from '../seeds.js';

const custom = defineCommand({ code: 150, request: jsonCodec<unknown>((value) => value) });
const BY_CODE = new Map(
  [...Object.values(COMMANDS), custom].map((command) => [command.code, command as Command<unknown>]),
);

/** What an api or a worker sends to a gateway: a code, and the request of that command. */
export const commands = messageTarget<{ readonly command: Command<unknown>; readonly request: unknown }>({
  name: 'commands',
  parsers: ['readRequest', 'COMMANDS', 'jsonCodec'],
  seeds: [...goldenPayloads('frame'), ...words('\x96{"any":["JSON",1,null]}')],
  dictionary: words('["tag",1,true,null]', '\\/', '\\u00e9', '[]', '"'),
  read(reader) {
    const code = reader.u8();
    const command = BY_CODE.get(code);
    if (command === undefined) throw new ProtocolError('ERR_NESTWIRE_UNKNOWN_CODE', `No command ${code}`);
    return { command, request: readRequest(reader, command) };
  },
  write: (writer, { command, request }) => writeRequest(writer, command, request),
});
