import {
  COMMANDS,
  readRequest,
  writeRequest,
  type CommandName,
  type Commands,
  type ReceivedOf,
  type Tag,
} from '#protocol';
import {
  booleanIn,
  bytesIn,
  listIn,
  nameIn,
  numberIn,
  phpBytesIn,
  type GoldenCase,
  type GoldenInput,
} from './golden-case.js';
import { fromHex, type GoldenEntry } from './golden-data.js';

const connection = (input: GoldenInput) => ({ connectionId: numberIn(input, 'fd') });
const group = (input: GoldenInput) => ({ group: nameIn(input, 'group') });
const uid = (input: GoldenInput) => ({ uid: nameIn(input, 'uid') });
const session = (input: GoldenInput) => ({ session: phpBytesIn(input, 'session_php_hex') });
const message = (input: GoldenInput) => ({ message: bytesIn(input, 'message') });
const exclude = (input: GoldenInput) => ({ exclude: listIn(input, 'without_fd_list') as number[] });
const nothing = () => undefined;

/** The recorded arguments as our requests, the original's defaults filled in. */
const REQUESTS: { readonly [N in CommandName]: (input: GoldenInput) => ReceivedOf<Commands[N]> } = {
  ping: nothing,
  bindUid: (input) => ({ ...connection(input), ...uid(input) }),
  closeClient: (input) => ({ ...connection(input), mode: booleanIn(input, 'force', false) ? 1 : 0 }),
  deleteSession: connection,
  getClientCount: nothing,
  getClientCountByGroup: group,
  getClientCountByUid: uid,
  getClientInfo: (input) => ({
    connectionId: numberIn(input, 'fd', 0),
    fields: numberIn(input, 'type', 0),
  }),
  getClientList: (input) => ({
    limit: numberIn(input, 'limit', 100),
    after: numberIn(input, 'prev_fd', 0),
  }),
  getClientListByGroup: group,
  getClientListByUid: uid,
  getGroupList: nothing,
  getSession: connection,
  getUidCount: (input) => ({ sample: booleanIn(input, 'read_uid_list', true) }),
  getUidList: nothing,
  getUidListByGroup: group,
  isOnline: connection,
  joinGroup: (input) => ({ ...connection(input), ...group(input) }),
  leaveGroup: (input) => ({ ...connection(input), ...group(input) }),
  // PHP drops the keys of a map: what arrives is always a list.
  registerWorker: (input) => listIn(input, 'tag_list') as Tag[],
  sendToAll: (input) => ({ ...exclude(input), ...message(input) }),
  sendToClient: (input) => ({ ...connection(input), ...message(input) }),
  sendToGroup: (input) => ({ ...group(input), ...exclude(input), ...message(input) }),
  setSession: (input) => ({ ...connection(input), ...session(input) }),
  unBindUid: connection,
  unGroup: group,
  updateSession: (input) => ({ ...connection(input), ...session(input) }),
};

/** The original's class names are our names with a capital. */
export function commandNameOf(className: unknown): CommandName {
  const name = String(className).replace(/^[A-Z]/, (first) => first.toLowerCase());
  if (!Object.hasOwn(COMMANDS, name)) throw new Error(`We have no command "${name}"`);
  return name as CommandName;
}

export function requestIn(name: CommandName, input: GoldenInput): unknown {
  return REQUESTS[name](input);
}

export function commandCase(entry: GoldenEntry): GoldenCase {
  const name = commandNameOf(entry.input['class']);
  const command = COMMANDS[name] as CommandOfAnything;
  const wraps = entry.name.endsWith('_WRAPS');
  return {
    entry,
    payload: fromHex(entry.load_hex),
    write: (writer) => writeRequest(writer, command, requestIn(name, entry.input)),
    read: (reader) => ({ code: reader.u8(), request: readRequest(reader, command) }),
    // A wrapped length byte cannot be seen in a request: what reads it gets the garbage that the original got.
    value: { code: command.code, request: requestIn(name, wraps ? entry.decoded! : entry.input) },
    ...(wraps ? { refusedArgument: 'group' } : {}),
  };
}

/** The table's entries seen through one type, as whoever looks a command up by its code has them. */
export type CommandOfAnything = Parameters<typeof writeRequest<unknown>>[1];
