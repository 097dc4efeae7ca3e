import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import { ProtocolError } from './errors.js';

/** Codes 20–24 are commands in the other direction: what they mean depends on who sends them. */
export const EventCode = { Connect: 20, Receive: 21, Close: 22, Open: 23, Message: 24 } as const;

/** WebSocket opcodes as they stand in a Message event. */
export const Opcode = { Text: 1, Binary: 2, Close: 8, Ping: 9, Pong: 10 } as const;

/** `FIN` and "compressed or not" as the original fills them in; ours says the same and reads nothing from it. */
const MESSAGE_FLAGS = 0x21;

interface EventOf {
  readonly connectionId: number;
  /** Serialized, empty for an empty session. */
  readonly session: Buffer;
}

/** A raw TCP client connected. */
export interface ConnectEvent extends EventOf {
  readonly type: 'connect';
}
/** A raw TCP client sent a message. */
export interface ReceiveEvent extends EventOf {
  readonly type: 'receive';
  readonly data: Buffer;
}
/** A WebSocket client connected. */
export interface OpenEvent extends EventOf {
  readonly type: 'open';
  /** The upgrade request, serialized. */
  readonly details: Buffer;
}
/** A WebSocket client sent a message. */
export interface MessageEvent extends EventOf {
  readonly type: 'message';
  readonly opcode: number;
  readonly flags: number;
  readonly data: Buffer;
}
/** A client is gone. */
export interface CloseEvent extends EventOf {
  readonly type: 'close';
  /** What the client had, serialized. */
  readonly details: Buffer;
}
export type GatewayEvent = ConnectEvent | ReceiveEvent | OpenEvent | MessageEvent | CloseEvent;

export function writeEvent(writer: ByteWriter, event: GatewayEvent): void {
  switch (event.type) {
    case 'connect':
      return writeHead(writer, EventCode.Connect, event.connectionId, event.session);
    case 'receive':
      return writeReceive(writer, event.connectionId, event.session, event.data);
    case 'open':
      writeHead(writer, EventCode.Open, event.connectionId, event.session);
      return writer.bytes(event.details);
    case 'message':
      return writeMessage(writer, event.connectionId, event.session, event.opcode, event.data, event.flags);
    case 'close':
      writeHead(writer, EventCode.Close, event.connectionId, event.session);
      return writer.bytes(event.details);
  }
}

/** The two that a gateway writes for every message, without an object in between. */
export function writeReceive(
  writer: ByteWriter,
  connectionId: number,
  session: Uint8Array,
  data: Uint8Array,
): void {
  writeHead(writer, EventCode.Receive, connectionId, session);
  writer.bytes(data);
}

export function writeMessage(
  writer: ByteWriter,
  connectionId: number,
  session: Uint8Array,
  opcode: number,
  data: Uint8Array,
  flags = MESSAGE_FLAGS,
): void {
  writeHead(writer, EventCode.Message, connectionId, session);
  writer.u8(opcode);
  writer.u8(flags);
  writer.bytes(data);
}

function writeHead(writer: ByteWriter, code: number, connectionId: number, session: Uint8Array): void {
  writer.u8(code);
  writer.u32(connectionId);
  writer.u32(session.length);
  writer.bytes(session);
}

/** Takes a text message of a WebSocket client. The session is a view, as in events. */
export type TextMessageTaker = (connectionId: number, session: Buffer, text: string) => void;

/**
 * Reads what most events are, a text message, without an event object and views in between. Of any other event
 * nothing is read, and the answer is false: that is for `readEvent`.
 * @throws ProtocolError for a payload that is cut short, and what `take` throws
 */
export function readTextMessage(reader: ByteReader, take: TextMessageTaker): boolean {
  const start = reader.position;
  if (reader.u8() === EventCode.Message) {
    const connectionId = reader.u32();
    const session = reader.bytes(reader.u32());
    if (reader.u8() === Opcode.Text) {
      reader.u8(); // the flags, which say nothing
      take(connectionId, session, reader.restAsText());
      return true;
    }
  }
  reader.rewind(start);
  return false;
}

/** @throws ProtocolError for an unknown code, or a payload that is cut short or too long. */
export function readEvent(reader: ByteReader): GatewayEvent {
  const code = reader.u8();
  const connectionId = reader.u32();
  const session = reader.bytes(reader.u32());
  switch (code) {
    case EventCode.Connect:
      reader.expectEnd('A Connect event');
      return { type: 'connect', connectionId, session };
    case EventCode.Receive:
      return { type: 'receive', connectionId, session, data: reader.rest() };
    case EventCode.Close:
      return { type: 'close', connectionId, session, details: reader.rest() };
    case EventCode.Open:
      return { type: 'open', connectionId, session, details: reader.rest() };
    case EventCode.Message:
      return {
        type: 'message',
        connectionId,
        session,
        opcode: reader.u8(),
        flags: reader.u8(),
        data: reader.rest(),
      };
    default:
      throw new ProtocolError('ERR_NESTWIRE_UNKNOWN_CODE', `No event has the code ${code}`);
  }
}
