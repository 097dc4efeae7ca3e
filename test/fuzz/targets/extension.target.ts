import {
  ExtensionCode,
  HandshakeCode,
  ProtocolError,
  readAcknowledge,
  readIdentity,
  readMarks,
  readOpening,
  readRefused,
  readReplyHead,
  readRequest,
  readRosterMessage,
  readTakeEvents,
  sendToUid,
  writeAcknowledge,
  writeFailedReply,
  writeIdentity,
  writeMarks,
  writeRefused,
  writeReplyHead,
  writeRequestHead,
  writeRosterMessage,
  writeTakeEvents,
  type ByteReader,
  type ByteWriter,
  type RosterMessage,
} from '#protocol';
import { messageTarget } from '../message-target.js';
import { words } from '../seeds.js';

/** One kind of message: what follows its code is read to a value, which is written again with the code. */
interface Kind<Value> {
  read(reader: ByteReader): Value;
  write(writer: ByteWriter, value: Value): void;
}

interface Read {
  readonly code: number;
  readonly value: unknown;
}

function kind<Value>(one: Kind<Value>): Kind<unknown> {
  return one;
}

function reading(kinds: ReadonlyMap<number, Kind<unknown>>): Kind<Read> {
  const kindOf = (code: number): Kind<unknown> => {
    const found = kinds.get(code);
    if (found === undefined)
      throw new ProtocolError('ERR_NESTWIRE_UNKNOWN_CODE', `Nothing has the code ${code}`);
    return found;
  };
  return {
    read(reader) {
      const code = reader.u8();
      return { code, value: kindOf(code).read(reader) };
    },
    write: (writer, { code, value }) => kindOf(code).write(writer, value),
  };
}

const { Marked, Acknowledge, Request, Reply, TakeEvents, SendToUid } = ExtensionCode;

const ofLinks = new Map<number, Kind<unknown>>([
  [
    Marked,
    kind({
      read: (reader) => ({ marks: readMarks(reader), rest: reader.rest() }),
      write(writer, { marks, rest }) {
        writeMarks(writer, marks);
        writer.bytes(rest);
      },
    }),
  ],
  [
    Acknowledge,
    kind({
      read(reader) {
        const ranges: number[] = [];
        readAcknowledge(reader, (first, count) => ranges.push(first, count));
        return ranges;
      },
      write: writeAcknowledge,
    }),
  ],
  [
    Request,
    kind({
      read: (reader) => ({ id: reader.u32(), rest: reader.rest() }),
      write(writer, { id, rest }) {
        writeRequestHead(writer, id);
        writer.bytes(rest);
      },
    }),
  ],
  [
    Reply,
    kind({
      read: (reader) => ({ ...readReplyHead(reader), rest: reader.rest() }),
      write(writer, { id, failure, rest }) {
        if (failure === undefined) writeReplyHead(writer, id);
        else writeFailedReply(writer, id, failure);
        writer.bytes(rest);
      },
    }),
  ],
  [TakeEvents, kind({ read: readTakeEvents, write: writeTakeEvents })],
  [
    SendToUid,
    kind({
      read: (reader) => readRequest(reader, sendToUid),
      write(writer, request) {
        writer.u8(SendToUid);
        sendToUid.request.write(writer, request);
      },
    }),
  ],
]);

/** What is said between our own nodes beyond the base protocol, once a link is open. */
export const extensionLinks = messageTarget({
  name: 'extension-links',
  parsers: ['readMarks', 'readAcknowledge', 'readReplyHead', 'readTakeEvents', 'sendToUid'],
  seeds: words(
    '\xc8\x02\x01\0\0\x02\0\x03key\x18\0\0\0\x07\0\0\0\0\x01\x21hello',
    '\xc8\x01\x63\0\x02??\x15\0\0\0\x07hello',
    '\xc9\0\0\0\x01\0\0\0\x05\xff\xff\xff\xff\0\0\0\x02',
    '\xca\0\0\0\x09\x10\0\0\0\x01',
    '\xcb\0\0\0\x09\0\x01',
    '\xcb\0\0\0\x09\x01\x0fbad-argumentsno',
    '\xce\0\0\0\0["tag",1,true,null]',
    '\xcf\0\x03\0\0\0\x01uid\0\0\0\x07hello',
  ),
  ...reading(ofLinks),
});

const ofHandshake = new Map<number, Kind<unknown>>([
  ...[HandshakeCode.Hello, HandshakeCode.Challenge].map(
    (code) =>
      [
        code,
        kind({
          // The nonce is part of what is proven, and of no other use: it is not among what is read.
          read(reader) {
            const start = reader.position;
            const whole = reader.rest();
            reader.rewind(start);
            const { version } = readOpening(reader);
            reader.rest(); // of another version anything may follow
            return { version, whole };
          },
          write(writer, { whole }) {
            writer.u8(code);
            writer.bytes(whole);
          },
        }),
      ] as const,
  ),
  ...[HandshakeCode.Auth, HandshakeCode.Ready].map(
    (code) =>
      [
        code,
        kind({
          read: readIdentity,
          write(writer, { identity, proof }) {
            writeIdentity(writer, code, identity);
            writer.bytes(proof);
          },
        }),
      ] as const,
  ),
  [HandshakeCode.Refused, kind({ read: readRefused, write: writeRefused })],
]);

const NONCE = '0123456789abcdef';
const PROOF = 'p'.repeat(32);

/** What strangers may say before they have proven themselves. */
export const extensionHandshake = messageTarget({
  name: 'extension-handshake',
  parsers: ['readOpening', 'readIdentity', 'readRefused'],
  seeds: words(
    `\xf0\x01${NONCE}`,
    `\xf1\x01${NONCE}`,
    `\xf0\x02${NONCE}more`,
    `\xf2\x03\0\0\0\x01${NONCE}\0\0\0\0\0\0\x08worker-1${PROOF}`,
    `\xf3\x01\0\0\0\0${NONCE}\xf0\x01\x02\x03\x04\x05\x02g\xe9${PROOF}`,
    '\xf4\x08unprovenThe secrets differ',
  ),
  ...reading(ofHandshake),
});

/** What is said to and by a register once its handshake is done. */
export const extensionRoster = messageTarget<RosterMessage>({
  name: 'extension-roster',
  parsers: ['readRosterMessage', 'readGatewayEntry'],
  seeds: words(
    '\xd0',
    '\xd1',
    '\xdc\0\x20\xf0\x01\x02\x03\x04\x05\0\0\0\0\x23\x94\x08gw.local\x08zone one',
    '\xdd\0\x17\xf0\x01\x02\x03\x04\x05\0\0\0\0\x23\x94\x0810.0.0.5\0\0\x12\xf0\x01\x02\x03\x04\x05\0\0\0\0\x23\x94\x03::1\0',
    '\xdd',
  ),
  dictionary: words('\x08gw.local', '\x03::1', '\x0810.0.0.5', '\x05[::1]', '\x07::1%lo0', '\x07a.b.c.d'),
  read: readRosterMessage,
  write: writeRosterMessage,
});
