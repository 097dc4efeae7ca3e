import {
  ClientField,
  COMMANDS,
  readReply,
  type ClientDetails,
  type ClientInfoReply,
  type Codec,
  type CommandName,
  type Commands,
  type Question,
  type ReplyOf,
} from '#protocol';
import {
  booleanIn,
  listIn,
  nameIn,
  nameOf,
  namesIn,
  numberIn,
  phpBytesIn,
  textIn,
  type GoldenCase,
  type GoldenInput,
} from './golden-case.js';
import { commandNameOf } from './golden-commands.js';
import { fromHex, goldenEntry, type GoldenEntry } from './golden-data.js';

export type QuestionName = {
  [N in CommandName]: Commands[N] extends { reply: Codec<infer _Reply, infer _Answer> } ? N : never;
}[CommandName];

const KNOWN_FIELDS = 63;
const EMPTY_SESSION = Buffer.from('a:0:{}');

const ids = (input: GoldenInput) => listIn(input, 'fds') as number[];

/** The recorded state of the original's gateway as the answer that ours has to give. */
const REPLIES: { readonly [N in QuestionName]: (input: GoldenInput) => ReplyOf<Commands[N]> } = {
  getClientCount: (input) => numberIn(input, 'connection_num'),
  getClientCountByGroup: (input) => ids(input).length,
  getClientCountByUid: (input) => ids(input).length,
  getClientInfo: clientInfo,
  getClientList: ids,
  getClientListByGroup: ids,
  getClientListByUid: ids,
  getGroupList: (input) => namesIn(input, 'groups'),
  getSession: (input) => phpBytesIn(input, 'session_php_hex'),
  getUidCount: (input) => ({
    count: listIn(input, 'uids').length,
    sample: booleanIn(input, 'read_uid_list') ? namesIn(input, 'uids') : [],
  }),
  getUidList: (input) => namesIn(input, 'uids'),
  getUidListByGroup: uidsOfMembers,
  isOnline: (input) => booleanIn(input, 'online'),
};

export function isQuestion(name: CommandName): name is QuestionName {
  return Object.hasOwn(REPLIES, name);
}

export function replyCase(entry: GoldenEntry): GoldenCase {
  const name = commandNameOf(entry.input['class']);
  if (!isQuestion(name)) throw new Error(`The command "${name}" has no reply`);
  const question = COMMANDS[name] as Question<unknown, unknown>;
  const reply = REPLIES[name](entry.input);
  return {
    entry,
    payload: fromHex(entry.load_hex),
    write: (writer) => question.reply.write(writer, reply),
    read: (reader) => readReply(reader, question),
    value: name === 'getClientInfo' ? asRead(reply as ClientInfoReply) : reply,
    ...(entry.name.endsWith('_WRAPS')
      ? { refusedArgument: 'name', refusedCode: 'ERR_NESTWIRE_TRUNCATED' }
      : {}),
  };
}

function clientInfo(input: GoldenInput): ClientInfoReply {
  const fields = numberIn(input, 'type');
  const isKnown = ['uid', 'remote_ip', 'system'].some((field) => field in input);
  return { fields, client: isKnown ? clientDetails(input, fields) : undefined };
}

function clientDetails(input: GoldenInput, fields: number): ClientDetails {
  return {
    ...(fields & ClientField.Uid ? { uid: nameIn(input, 'uid') } : {}),
    ...(fields & ClientField.Session ? { session: sessionBytes(input) } : {}),
    ...(fields & ClientField.Groups ? { groups: namesIn(input, 'group_list') } : {}),
    ...(fields & ClientField.RemoteIp ? { remoteIp: ipv4In(withAddress(input)) } : {}),
    ...(fields & ClientField.RemotePort ? { remotePort: numberIn(withAddress(input), 'remote_port') } : {}),
    ...(fields & ClientField.System ? { system: systemBytes(input) } : {}),
  };
}

function sessionBytes(input: GoldenInput): Buffer {
  return 'session_php_hex' in input ? phpBytesIn(input, 'session_php_hex') : EMPTY_SESSION;
}

/** `blank_row_255` has the facts about the socket as JSON only; they are those of all the other entries. */
function systemBytes(input: GoldenInput): Buffer {
  if ('system_php_hex' in input) return phpBytesIn(input, 'system_php_hex');
  const twin = goldenEntry('reply.GetClientInfo.type_32').input;
  if (JSON.stringify(twin['system']) !== JSON.stringify(input['system'])) {
    throw new Error('The facts about the socket are not those of the other entries');
  }
  return phpBytesIn(twin, 'system_php_hex');
}

function withAddress(input: GoldenInput): GoldenInput {
  return 'remote_ip' in input ? input : (input['system'] as GoldenInput);
}

/** An IPv6 client has no IPv4 address to tell. */
function ipv4In(input: GoldenInput): string {
  const address = textIn(input, 'remote_ip');
  return address.includes(':') ? '0.0.0.0' : address;
}

/** With none of the six fields asked for, a client that is known and one that is not look the same. */
function asRead(reply: ClientInfoReply): ClientInfoReply {
  return (reply.fields & KNOWN_FIELDS) === 0 ? { ...reply, client: undefined } : reply;
}

/** Each uid once, unbound members left out. The recorded reply lacks uid "0" too, which PHP takes for none. */
function uidsOfMembers(input: GoldenInput) {
  const members = listIn(input, 'members') as [number, string][];
  const uids = new Set(members.map(([, uid]) => uid).filter((uid) => uid !== '' && uid !== '0'));
  return [...uids].map((uid) => nameOf({ hex: Buffer.from(uid).toString('hex') }));
}
