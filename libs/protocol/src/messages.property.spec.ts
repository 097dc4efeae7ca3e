import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader } from './byte-reader.js';
import type { ByteString } from './byte-string.js';
import { ByteWriter } from './byte-writer.js';
import {
  ClientField,
  COMMANDS,
  defineQuestion,
  jsonCodec,
  readReply,
  readRequest,
  writeRequest,
  type ClientInfoReply,
  type Command,
  type CommandName,
  type Commands,
  type Question,
  type ReceivedOf,
  type ReplyOf,
} from './commands/index.js';
import { ProtocolError } from './errors.js';
import { readEvent, writeEvent, type GatewayEvent } from './events.js';
import { FrameDecoder } from './frame-decoder.js';
import { FrameWriter } from './frame-writer.js';
import { readRegisterMessage, writeRegisterMessage, type RegisterMessage } from './register-messages.js';

/** A message that can be written and read: what all of this file's properties are about. */
interface Kind {
  readonly name: string;
  readonly messages: fc.Arbitrary<unknown>;
  write(writer: ByteWriter, message: unknown): void;
  read(reader: ByteReader): unknown;
}

const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const bytes = fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array));
const byteString = bytes.map((buffer) => buffer.toString('latin1') as ByteString);
/** At most what a length byte can say, and often exactly that. */
const name8 = fc.oneof(
  byteString,
  fc.constantFrom(0, 1, 254, 255).map((n) => 'é'.repeat(n) as ByteString),
);
const names8 = fc.array(name8, { maxLength: 5 });
const ids = fc.array(u32, { maxLength: 8 });
const ipv4 = fc.tuple(u8, u8, u8, u8).map((parts) => parts.join('.'));
const address = fc.record({ host: ipv4, port: u16 });
const anyText = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) });

const connection = fc.record({ connectionId: u32 });
const group = fc.record({ group: byteString });
const uid = fc.record({ uid: byteString });
const connectionAndGroup = fc.record({ connectionId: u32, group: byteString });
const connectionAndSession = fc.record({ connectionId: u32, session: bytes });
const nothing = fc.constant(undefined);
/** JSON has one zero, and no word for NaN. */
const jsonNumber = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0);

const REQUESTS: { readonly [N in CommandName]: fc.Arbitrary<ReceivedOf<Commands[N]>> } = {
  ping: nothing,
  bindUid: fc.record({ connectionId: u32, uid: byteString }),
  closeClient: fc.record({ connectionId: u32, mode: fc.constantFrom(0, 1, 2) }),
  deleteSession: connection,
  getClientCount: nothing,
  getClientCountByGroup: group,
  getClientCountByUid: uid,
  getClientInfo: fc.record({ connectionId: u32, fields: u8 }),
  getClientList: fc.record({ limit: u32, after: u32 }),
  getClientListByGroup: group,
  getClientListByUid: uid,
  getGroupList: nothing,
  getSession: connection,
  getUidCount: fc.record({ sample: fc.boolean() }),
  getUidList: nothing,
  getUidListByGroup: group,
  isOnline: connection,
  joinGroup: connectionAndGroup,
  leaveGroup: connectionAndGroup,
  registerWorker: fc.array(fc.oneof(anyText, jsonNumber, fc.boolean(), fc.constant(null))),
  sendToAll: fc.record({ exclude: ids, message: bytes }),
  sendToClient: fc.record({ connectionId: u32, message: bytes }),
  sendToGroup: fc.record({ group: name8, exclude: ids, message: bytes }),
  setSession: connectionAndSession,
  unBindUid: connection,
  unGroup: group,
  updateSession: connectionAndSession,
};

const REPLIES = {
  getClientCount: u32,
  getClientCountByGroup: u32,
  getClientCountByUid: u32,
  getClientInfo: u8.chain(clientInfo),
  getClientList: ids,
  getClientListByGroup: ids,
  getClientListByUid: ids,
  getGroupList: names8,
  getSession: bytes,
  getUidCount: fc.record({ count: u32, sample: names8 }),
  getUidList: names8,
  getUidListByGroup: names8,
  isOnline: fc.boolean(),
} satisfies {
  [N in CommandName as Commands[N] extends { reply: object } ? N : never]: fc.Arbitrary<ReplyOf<Commands[N]>>;
};

/** Details of exactly the fields that were asked for; a client of whom nothing was asked looks like none. */
function clientInfo(fields: number): fc.Arbitrary<ClientInfoReply> {
  const details = {
    ...(fields & ClientField.Uid ? { uid: byteString } : {}),
    ...(fields & ClientField.Session ? { session: bytes } : {}),
    ...(fields & ClientField.Groups ? { groups: fc.array(byteString, { maxLength: 4 }) } : {}),
    ...(fields & ClientField.RemoteIp ? { remoteIp: ipv4 } : {}),
    ...(fields & ClientField.RemotePort ? { remotePort: u16 } : {}),
    ...(fields & ClientField.System ? { system: bytes } : {}),
  };
  const unknown = fc.constant({ fields, client: undefined });
  if (Object.keys(details).length === 0) return unknown;
  return fc.oneof(unknown, fc.record({ fields: fc.constant(fields), client: fc.record(details) }));
}

const head = { connectionId: u32, session: bytes };
const EVENTS: { readonly [T in GatewayEvent['type']]: fc.Arbitrary<GatewayEvent> } = {
  connect: fc.record({ type: fc.constant('connect'), ...head }),
  receive: fc.record({ type: fc.constant('receive'), ...head, data: bytes }),
  open: fc.record({ type: fc.constant('open'), ...head, details: bytes }),
  message: fc.record({ type: fc.constant('message'), ...head, opcode: u8, flags: u8, data: bytes }),
  close: fc.record({ type: fc.constant('close'), ...head, details: bytes }),
};

const REGISTER_MESSAGES: { readonly [T in RegisterMessage['type']]: fc.Arbitrary<RegisterMessage> } = {
  ping: fc.record({ type: fc.constant('ping') }),
  gatewayConnect: fc.record({ type: fc.constant('gatewayConnect'), address, secret: bytes }),
  workerConnect: fc.record({ type: fc.constant('workerConnect'), secret: bytes }),
  gatewayList: fc.record({ type: fc.constant('gatewayList'), gateways: fc.array(address, { maxLength: 6 }) }),
};

const customQuestion = defineQuestion({
  code: 150,
  request: jsonCodec((value) => {
    if (typeof value !== 'string') throw new TypeError('The question must be a text');
    return value;
  }),
  reply: jsonCodec((value) => value),
});

const KINDS: readonly Kind[] = [
  ...Object.entries(REQUESTS).map(([name, messages]) =>
    requestKind(name, COMMANDS[name as CommandName], messages),
  ),
  ...Object.entries(REPLIES).map(([name, messages]) =>
    replyKind(name, COMMANDS[name as CommandName], messages),
  ),
  ...Object.entries(EVENTS).map(([name, messages]) => ({
    name: `the event ${name}`,
    messages,
    write: (writer: ByteWriter, message: unknown) => writeEvent(writer, message as GatewayEvent),
    read: readEvent,
  })),
  ...Object.entries(REGISTER_MESSAGES).map(([name, messages]) => ({
    name: `the register message ${name}`,
    messages,
    write: (writer: ByteWriter, message: unknown) => writeRegisterMessage(writer, message as RegisterMessage),
    read: readRegisterMessage,
  })),
  requestKind('custom', customQuestion, anyText),
  replyKind(
    'custom',
    customQuestion,
    fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown),
  ),
];

function requestKind(name: string, typed: { readonly code: number }, messages: fc.Arbitrary<unknown>): Kind {
  const command = typed as Command<unknown>;
  return {
    name: `the request ${name}`,
    messages,
    write: (writer, message) => writeRequest(writer, command, message),
    read(reader) {
      const code = reader.u8();
      if (code !== command.code) throw new ProtocolError('ERR_NESTWIRE_UNKNOWN_CODE', `Code ${code}`);
      return readRequest(reader, command);
    },
  };
}

function replyKind(name: string, typed: { readonly code: number }, messages: fc.Arbitrary<unknown>): Kind {
  const question = typed as Question<unknown, unknown>;
  return {
    name: `the reply ${name}`,
    messages,
    write: (writer, message) => question.reply.write(writer, message),
    read: (reader) => readReply(reader, question),
  };
}

const KNOWN_CODES: ReadonlySet<string> = new Set<ProtocolError['code']>([
  'ERR_NESTWIRE_TRUNCATED',
  'ERR_NESTWIRE_TRAILING_BYTES',
  'ERR_NESTWIRE_MALFORMED',
  'ERR_NESTWIRE_UNKNOWN_CODE',
]);

function payloadOf(kind: Kind, message: unknown): Buffer {
  const writer = new ByteWriter(0);
  kind.write(writer, message);
  return writer.view();
}

/** Reads what may be anything: a value comes out, or one of our errors. */
function expectValueOrTypedError(kind: Kind, payload: Buffer): void {
  const reader = ByteReader.of(payload);
  try {
    kind.read(reader);
  } catch (error) {
    if (error instanceof ProtocolError && KNOWN_CODES.has(error.code)) return;
    throw error;
  }
  expect(reader.remaining).toBe(0);
}

describe('every kind of message', () => {
  it('is here: 27 requests, 13 replies, 5 events, 4 register messages and the custom ones', () => {
    expect(KINDS).toHaveLength(27 + 13 + 5 + 4 + 2);
  });

  describe.each(KINDS.map((kind) => [kind.name, kind] as const))('%s', (_name, kind) => {
    it('comes back as it was written', () => {
      fc.assert(
        fc.property(kind.messages, (message) => {
          const reader = ByteReader.of(payloadOf(kind, message));
          expect(kind.read(reader)).toEqual(message);
          expect(reader.remaining).toBe(0);
        }),
      );
    });

    it('gives a value or a typed error when it is cut short anywhere', () => {
      fc.assert(
        fc.property(kind.messages, (message) => {
          const payload = payloadOf(kind, message);
          for (let end = 0; end < payload.length; end++)
            expectValueOrTypedError(kind, payload.subarray(0, end));
        }),
        { numRuns: 20 },
      );
    });

    it('gives a value or a typed error when bytes of it are others', () => {
      const changes = fc.array(fc.tuple(fc.nat(), u8), { minLength: 1, maxLength: 4 });
      fc.assert(
        fc.property(kind.messages, changes, (message, list) => {
          const payload = Buffer.from(payloadOf(kind, message));
          for (const [at, byte] of list) if (payload.length > 0) payload[at % payload.length] = byte;
          expectValueOrTypedError(kind, payload);
        }),
      );
    });

    it('gives a value or a typed error for random bytes', () => {
      fc.assert(fc.property(bytes, (payload) => expectValueOrTypedError(kind, payload)));
    });
  });
});

describe('a stream of messages', () => {
  const sent = fc.constantFrom(...KINDS).chain((kind) => kind.messages.map((message) => ({ kind, message })));

  it('comes out of any chunks as it went in', () => {
    fc.assert(
      fc.property(fc.array(sent, { maxLength: 12 }), fc.array(fc.nat()), (messages, cuts) => {
        const writer = new FrameWriter();
        for (const { kind, message } of messages) {
          writer.beginFrame();
          kind.write(writer, message);
          writer.endFrame();
        }
        const decoder = new FrameDecoder(64 * 1024);
        let received = 0;
        for (const chunk of cutAt(writer.view(), cuts)) {
          decoder.push(chunk, (reader) => {
            const { kind, message } = messages[received++]!;
            expect(kind.read(reader)).toEqual(message);
          });
        }
        expect(received).toBe(messages.length);
        expect(decoder.carriedBytes).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});

function cutAt(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const places = cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b);
  return [...places, stream.length].map((end, i) => stream.subarray(places[i - 1] ?? 0, end));
}
