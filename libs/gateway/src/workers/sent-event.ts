import { ByteReader, ExtensionCode, Opcode, readEvent, readMarks } from '#protocol';
import { NO_SESSION } from '../connection/connection.js';
import type { ParkedEvent } from './parking.js';

/**
 * What was sent to a worker that is gone, to be sent to another one. The session is left out where the client still has one: the
 * next worker gets it as it is then.
 * @param sent the payload as it was on the line
 */
export function readSentEvent(sent: Buffer): ParkedEvent {
  const reader = ByteReader.of(sent);
  if (sent[0] === ExtensionCode.Marked) {
    reader.u8();
    readMarks(reader);
  }
  const event = readEvent(reader);
  switch (event.type) {
    case 'connect':
      return { type: 'open', details: NO_SESSION, isRedelivered: true };
    case 'open':
      return { type: 'open', details: event.details, isRedelivered: true };
    case 'close':
      return { type: 'close', session: event.session, details: event.details, isRedelivered: true };
    case 'receive':
      return { type: 'message', opcode: Opcode.Binary, data: event.data, isRedelivered: true };
    case 'message':
      return { type: 'message', opcode: event.opcode, data: event.data, isRedelivered: true };
  }
}
