/**
 * What a session, or the detail of an event, can hold. `bigint` and bytes exist in PHP's format only:
 * there an integer beyond 2^53 is read as a `bigint` and a string that is not UTF-8 as a `Buffer`.
 */
export type SessionValue =
  null | boolean | number | bigint | string | Uint8Array | SessionValue[] | { [key: string]: SessionValue };

/**
 * Most arrays and objects inside each other, in both directions and both formats. It bounds the recursion
 * of whoever reads or writes, so that no bytes can overflow the stack.
 */
export const MAX_NESTING = 512;

/**
 * How sessions and event details are written on the wire: PHP's serialize() in interop mode, JSON otherwise.
 *
 * Workers use `encode` and `decode`. A gateway never decodes: it keeps sessions as bytes, and uses `normalize`
 * for SetSession and `merge` for UpdateSession. Zero bytes are the empty session everywhere.
 *
 * What reads bytes throws `ProtocolError` with code `ERR_NESTWIRE_SERIALIZATION` and nothing else.
 */
export interface SessionCodec {
  readonly name: 'json' | 'php';

  /** What a reply says of a client whose session is empty: `{}` or `a:0:{}`. Shared, so do not write to it. */
  readonly empty: Buffer;

  /** What a reply says of a client that does not exist: `null` or `N;`. Shared, so do not write to it. */
  readonly none: Buffer;

  /**
   * The bytes of a value. As in JSON.stringify, `toJSON` is called (a Date becomes its ISO text), an
   * `undefined` property is left out, an `undefined` list item is null, and an instance of a class is its own
   * properties. Unlike there, nothing is lost in silence: functions, symbols, cycles, Map, Set and the like,
   * nesting beyond MAX_NESTING, and what the format has no word for (JSON: NaN, Infinity, bigint, bytes; PHP:
   * half a surrogate pair, integers beyond 64 bits) throw `InvalidArgumentError`, which names the place.
   */
  encode(value: unknown): Buffer;

  /** `encode` of what is known to be plain data of texts and numbers, such as our own details of events: unchecked where that is faster. */
  encodePlain(value: object): Buffer;

  /** The value of the bytes, sharing no memory with them. Zero bytes are `{}`. `__proto__` is a key like any other. */
  decode(bytes: Uint8Array): SessionValue;

  /**
   * The session `current` with the top-level entries of `patch` put in or added. Values are copied as byte
   * spans and never decoded, so what JavaScript cannot say (PHP's floats, objects, references) survives. Keys
   * that were there keep their place, new ones follow. Null and empty arrays count as the empty session.
   */
  merge(current: Uint8Array, patch: Uint8Array): Buffer;

  /**
   * The bytes to store for a session that came over the wire: a copy, since the input may be a view into a
   * network buffer, and zero bytes for an empty one (`a:0:{}`, `{}`, `[]`, `null`, `N;`). Refuses anything
   * that is not exactly one well-formed array or object.
   */
  normalize(bytes: Uint8Array): Buffer;
}
