import { ProtocolError } from '../errors.js';
import type { Codec } from '../codec.js';
import type { Command } from './command.js';
import { nothing } from './fields.js';

export type Tag = string | number | boolean | null;

const NEEDS_ESCAPE = /[/\u0080-\uffff]/g;

/** The tags as PHP's json_encode writes them: `/` and everything beyond ASCII escaped. */
const tagList: Codec<readonly Tag[], Tag[]> = {
  write(writer, tags) {
    const json = JSON.stringify(tags).replace(NEEDS_ESCAPE, (character) =>
      character === '/' ? '\\/' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    writer.payload(json);
  },
  read(reader) {
    const text = reader.rest().toString('utf8');
    let tags: unknown;
    try {
      tags = JSON.parse(text);
    } catch (cause) {
      throw new ProtocolError('ERR_NESTWIRE_MALFORMED', "A worker's tags are not JSON", { cause });
    }
    if (!Array.isArray(tags) || !tags.every(isTag)) {
      throw new ProtocolError('ERR_NESTWIRE_MALFORMED', "A worker's tags must be a JSON list of scalars");
    }
    return tags;
  },
};

function isTag(value: unknown): value is Tag {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

/** Keeps a link alive; never answered. */
export const ping: Command<void> = { code: 0, request: nothing };

/** From now on this link gets events. Not answered. */
export const registerWorker: Command<readonly Tag[], Tag[]> = { code: 19, request: tagList };
