import { ByteReader, Opcode, readEvent, readTextMessage, writeEvent, type GatewayEvent } from '#protocol';
import { holds, shown } from '../contract.js';
import { messageTarget } from '../message-target.js';
import { EVENTS } from '../seeds.js';

/** What a gateway tells a worker of its clients. */
export const events = messageTarget<GatewayEvent>({
  name: 'events',
  parsers: ['readEvent', 'readTextMessage'],
  seeds: EVENTS,
  read: readEvent,
  write: writeEvent,
  isExact: true,
  check(event, payload) {
    // The fast way must see a text message exactly where the whole one does, and read nothing of any other event.
    const reader = ByteReader.of(payload);
    const taken: unknown[] = [];
    const isText = readTextMessage(reader, (...parts) => taken.push(...parts));
    const expected =
      event.type === 'message' && event.opcode === Opcode.Text
        ? [event.connectionId, event.session, event.data.toString()]
        : [];
    holds(isText === expected.length > 0, () => `readTextMessage says ${isText} of ${shown(payload)}`);
    holds(
      JSON.stringify(taken) === JSON.stringify(expected) &&
        reader.remaining === (isText ? 0 : payload.length),
      () => `readTextMessage takes ${JSON.stringify(taken)} of ${shown(payload)}`,
    );
  },
});
