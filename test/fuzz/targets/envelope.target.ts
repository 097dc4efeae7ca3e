import { isDeepStrictEqual } from 'node:util';
import { parseEnvelope } from '../../../libs/worker/src/context/envelope.js';
import { holds, type FuzzTarget } from '../contract.js';
import { words } from '../seeds.js';

/** The text messages of clients, as a worker reads them. */
export const envelope: FuzzTarget = {
  name: 'envelope',
  parsers: ['parseEnvelope'],
  seeds: words(
    '{"event":"say","data":{"text":"hi"},"id":7}',
    ' \n{"id":"x","data":[],"event":""}',
    '{"event":"a","id":null,"other":1}',
    '{"event":1,"id":-1.5e3}',
    '{"__proto__":{"event":"a"},"constructor":1}',
    '{"id":[]}',
  ),
  dictionary: words('"event":', '"data":', '"id":', '"__proto__":', '{', '}', 'null', '1e999', '\\ud800'),
  run(bytes) {
    const text = bytes.toString();
    const { event, id, ...rest } = parseEnvelope(text);
    const isAnswerable = typeof id === 'string' || (typeof id === 'number' && Number.isFinite(id));
    holds(id === undefined || isAnswerable, () => `The id ${String(id)} of ${text} cannot be repeated`);
    if (event === undefined) return 'refused';
    holds(typeof event === 'string', () => `The event of ${text} is no text`);
    const envelopeAgain = parseEnvelope(JSON.stringify({ event, id, ...rest }));
    holds(isDeepStrictEqual(envelopeAgain, { event, id, ...rest }), () => `${text} does not come back`);
    return 'accepted';
  },
};
