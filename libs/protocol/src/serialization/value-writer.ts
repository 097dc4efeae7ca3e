import { InvalidArgumentError } from '../errors.js';
import { MAX_NESTING } from './session-codec.js';

export type Scalar = null | boolean | number | bigint | string;
export type Entry = readonly [key: string, value: unknown];

/**
 * Walks a value for the writer of a format, so that both accept the same values and refuse the others with the
 * same words. It knows the way from the root, to name the place in an error and to see a cycle before it
 * becomes a stack overflow.
 */
export abstract class ValueWriter {
  readonly #keys: (string | number)[] = [];
  readonly #ancestors = new Set<object>();

  protected abstract writeScalar(value: Scalar): void;
  protected abstract writeBytes(value: Uint8Array): void;
  /** Must call `writeItem` for each item. */
  protected abstract writeList(items: readonly unknown[]): void;
  /** Must call `writeItem` for each entry. */
  protected abstract writeRecord(entries: readonly Entry[]): void;

  protected writeRoot(value: unknown): void {
    this.#write(resolve(value, ''));
  }

  protected writeItem(key: string | number, value: unknown): void {
    this.#keys.push(key);
    this.#write(value);
    this.#keys.pop();
  }

  protected refuse(problem: string): never {
    const steps = this.#keys.map((key) =>
      typeof key === 'number' ? `[${key}]` : /^[\w$]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`,
    );
    throw new InvalidArgumentError(`value${steps.join('')}`, problem);
  }

  #write(value: unknown): void {
    switch (typeof value) {
      case 'boolean':
      case 'number':
      case 'bigint':
      case 'string':
        return this.writeScalar(value);
      case 'object':
        return value === null ? this.writeScalar(null) : this.#writeObject(value);
      case 'undefined':
        return this.refuse('is undefined: write null, or {} for an empty session');
      default:
        return this.refuse(`is a ${typeof value}, which cannot be sent: leave it out or write plain data`);
    }
  }

  #writeObject(value: object): void {
    if (value instanceof Uint8Array) return this.writeBytes(value);
    if (this.#ancestors.has(value)) {
      this.refuse('contains itself, and a cycle cannot be sent: write an id in its place');
    }
    if (this.#ancestors.size === MAX_NESTING) {
      this.refuse(`is nested deeper than ${MAX_NESTING} levels, which no reader accepts: write it flatter`);
    }
    this.#ancestors.add(value);
    if (Array.isArray(value)) {
      // Array.from visits holes too, where map would leave them.
      this.writeList(Array.from(value, (item: unknown, index) => resolve(item, String(index)) ?? null));
    } else {
      this.writeRecord(this.#entriesOf(value));
    }
    this.#ancestors.delete(value);
  }

  #entriesOf(value: object): Entry[] {
    const kind = Object.prototype.toString.call(value).slice(8, -1);
    if (kind !== 'Object') {
      // A Map, an Error or an ArrayBuffer keeps its data out of sight and would be written as {}.
      this.refuse(`is a ${kind}, whose content would be lost: write a plain object or an array`);
    }
    return Object.entries(value)
      .map(([key, item]): Entry => [key, resolve(item, key)])
      .filter(([, item]) => item !== undefined);
  }
}

/** What a value wants to be written as, by the rules of JSON.stringify. Bytes are written as they are. */
function resolve(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (!('toJSON' in value) || typeof value.toJSON !== 'function') return value;
  return value.toJSON(key) as unknown;
}
