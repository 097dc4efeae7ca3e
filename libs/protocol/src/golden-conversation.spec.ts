import { describe, expect, it } from 'vitest';
import { commandNameOf } from '../../../test/golden/golden-commands.js';
import {
  fromHex,
  RECORDED_CONNECTIONS,
  RECORDED_PACKETS,
  RECORDED_WORKER_EVENTS,
  type RecordedConnection,
  type RecordedFrame,
} from '../../../test/golden/golden-data.js';
import type { ByteReader } from './byte-reader.js';
import { formatClientId, gatewayKey } from './client-id.js';
import {
  COMMANDS,
  readReply,
  readRequest,
  writeRequest,
  type Command,
  type CommandName,
  type Question,
} from './commands/index.js';
import { readEvent, writeEvent, type GatewayEvent } from './events.js';
import { FrameDecoder } from './frame-decoder.js';
import { encodeFrame } from './frame-writer.js';
import { readRegisterMessage, writeRegisterMessage, type RegisterMessage } from './register-messages.js';

/** One frame of the recording as we understand it. */
interface Understood {
  readonly recorded: RecordedFrame;
  readonly conn: number;
  readonly dir: 'c2s' | 's2c';
  /** As the recording names it: `SendToClient`, `reply:GetSession`, `EVENT_OPEN`, `PING`, … */
  readonly name: string;
  /** Views on the packet, which nobody overwrites here. */
  readonly message: unknown;
  /** The same message, written by us. */
  readonly written: string;
}

const REGISTER_NAMES: Readonly<Record<RegisterMessage['type'], string>> = {
  ping: 'PING',
  gatewayConnect: 'GATEWAY_CONNECT',
  workerConnect: 'WORKER_CONNECT',
  gatewayList: 'BROADCAST_GATEWAY_LIST',
};

const questionsOf = new Map<number, CommandName[]>();
const understood = RECORDED_CONNECTIONS.filter(({ server }) =>
  ['register', 'gateway-lan'].includes(server),
).flatMap((connection) => [...understand(connection, 'c2s'), ...understand(connection, 's2c')]);

/** Feeds one direction of one connection through a decoder, packet by packet as it was captured. */
function understand(connection: RecordedConnection, dir: 'c2s' | 's2c'): Understood[] {
  const decoder = new FrameDecoder(64 * 1024);
  const packets = RECORDED_PACKETS.filter((packet) => packet.conn === connection.id && packet.dir === dir);
  const recorded = packets.flatMap((packet) => packet.frames ?? []);
  const list: Understood[] = [];
  for (const packet of packets) {
    decoder.push(fromHex(packet.hex), (payload) => {
      const read = readerOf(connection, dir)(payload, connection.id);
      list.push({ recorded: recorded[list.length]!, conn: connection.id, dir, ...read });
    });
  }
  return list;
}

type Reading = Pick<Understood, 'name' | 'message' | 'written'>;

function readerOf(
  { server, role }: RecordedConnection,
  dir: 'c2s' | 's2c',
): (payload: ByteReader, conn: number) => Reading {
  if (server === 'register') return registerMessage;
  if (dir === 'c2s') return command;
  return role.startsWith('worker event channel') ? event : reply;
}

function registerMessage(payload: ByteReader): Reading {
  const message = readRegisterMessage(payload);
  const written = encodeFrame((writer) => writeRegisterMessage(writer, message));
  return { name: REGISTER_NAMES[message.type], message, written: hexOf(written) };
}

function event(payload: ByteReader): Reading {
  const message = readEvent(payload);
  const written = encodeFrame((writer) => writeEvent(writer, message));
  return { name: `EVENT_${message.type.toUpperCase()}`, message, written: hexOf(written) };
}

function command(payload: ByteReader, conn: number): Reading {
  const code = payload.u8();
  const [name, found] = Object.entries(COMMANDS).find(([, candidate]) => candidate.code === code)!;
  if (found.reply !== undefined) {
    const questions = questionsOf.get(conn) ?? [];
    questionsOf.set(conn, [...questions, name as CommandName]);
  }
  const message = readRequest(payload, found as Command<unknown>);
  const written = encodeFrame((writer) => writeRequest(writer, found as Command<unknown>, message));
  return { name: `${name[0]!.toUpperCase()}${name.slice(1)}`, message, written: hexOf(written) };
}

/** A reply says not even what it answers: it is the one to the oldest question on this connection. */
function reply(payload: ByteReader, conn: number): Reading {
  const name = questionsOf.get(conn)!.shift()!;
  const question = COMMANDS[name] as Question<unknown, unknown>;
  const message = readReply(payload, question);
  const written = encodeFrame((writer) => question.reply.write(writer, message));
  return { name: `reply:${name[0]!.toUpperCase()}${name.slice(1)}`, message, written: hexOf(written) };
}

function hexOf(bytes: Buffer): string {
  return bytes.toString('hex');
}

function named(name: string): Understood[] {
  return understood.filter((frame) => frame.name === name);
}

describe('the recorded conversation', () => {
  it('is understood to the last of its 184 frames', () => {
    const recorded = RECORDED_PACKETS.flatMap((packet) => packet.frames ?? []);
    expect(recorded).toHaveLength(184);
    expect(understood).toHaveLength(184);
    expect(new Set(understood.map((frame) => frame.recorded))).toEqual(new Set(recorded));
  });

  it('has in every frame the message that the recording names', () => {
    for (const { recorded, name } of understood) expect(name).toBe(recorded.name);
  });

  it('has an answer to every question', () => {
    expect([...questionsOf.values()].flat()).toEqual([]);
    expect(understood.filter(({ name }) => name.startsWith('reply:'))).toHaveLength(22);
  });

  it('is written by us with the very same bytes', () => {
    for (const { recorded, written } of understood) {
      expect(written.slice(16)).toBe(recorded.load_hex);
      expect(written).toHaveLength(recorded.len * 2);
    }
    const streams = RECORDED_PACKETS.filter(({ frames }) => frames !== undefined);
    for (const { conn, dir } of streams) {
      const ours = understood.filter((frame) => frame.conn === conn && frame.dir === dir);
      const theirs = streams.filter((packet) => packet.conn === conn && packet.dir === dir);
      expect(ours.map((frame) => frame.written).join('')).toBe(theirs.map((packet) => packet.hex).join(''));
    }
  });

  it('names a command as the original does', () => {
    const requests = understood.filter(({ recorded }) => /^(?!reply)[A-Z][a-z]/.test(recorded.name));
    expect(requests).toHaveLength(90);
    for (const { recorded } of requests) {
      expect(COMMANDS[commandNameOf(recorded.name)].code).toBe(recorded.code);
    }
  });
});

describe('an event of the conversation', () => {
  const events = understood.filter(({ name }) => name.startsWith('EVENT_'));

  it('carries the connection, the session and the rest that were recorded', () => {
    expect(events).toHaveLength(56);
    for (const { recorded, message } of events) {
      const { connectionId, session } = message as GatewayEvent;
      expect(connectionId).toBe(recorded.fd);
      expect(hexOf(session)).toBe(recorded.session_php_hex);
      expect(hexOf(restOf(message as GatewayEvent))).toBe(recorded.extra_hex);
    }
  });

  it("is what the original's handler saw, in the same order", () => {
    const gateway = gatewayKey({ host: '127.0.0.1', port: 9108 });
    // A Receive event has no row in the recording of the handlers.
    const ours = events
      .map(({ message }) => message as GatewayEvent)
      .filter(({ type }) => type !== 'receive');
    expect(ours.map(({ type, connectionId }) => [type, formatClientId(gateway, connectionId)])).toEqual(
      RECORDED_WORKER_EVENTS.map((row) => [row.event, row.client]),
    );
    const messages = ours.filter((candidate) => candidate.type === 'message');
    const seen = RECORDED_WORKER_EVENTS.filter((row) => row.event === 'message');
    expect(messages.map(({ opcode, flags, data }) => [opcode, flags, data.length])).toEqual(
      seen.map((row) => [row.opcode, row.flags, row.len]),
    );
  });
});

describe('a reply of the conversation', () => {
  it('says what the run had led to', () => {
    expect(named('reply:GetClientCount').map(({ message }) => message)).toEqual([2]);
    expect(named('reply:GetClientList').map(({ message }) => message)).toEqual([[2, 3], []]);
    expect(named('reply:GetUidCount').map(({ message }) => message)).toEqual([
      { count: 1, sample: ['user-1'] },
      { count: 1, sample: [] },
    ]);
    expect(named('reply:IsOnline').map(({ message }) => message)).toEqual([true, false]);
    expect(named('reply:GetGroupList').map(({ message }) => message)).toEqual([
      ['g', Buffer.from('房间').toString('latin1')],
    ]);
  });
});

function restOf(message: GatewayEvent): Buffer {
  switch (message.type) {
    case 'connect':
      return Buffer.alloc(0);
    case 'receive':
      return message.data;
    case 'open':
    case 'close':
      return message.details;
    case 'message':
      return Buffer.concat([Buffer.of(message.opcode, message.flags), message.data]);
  }
}
