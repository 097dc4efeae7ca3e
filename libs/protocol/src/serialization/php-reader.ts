import { isUtf8 } from 'node:buffer';
import { canonicalInt } from './php-nodes.js';
import { scanPhp } from './php-scanner.js';
import type { PhpArray, PhpCustom, PhpDocument, PhpKey, PhpNode, PhpText } from './php-nodes.js';
import type { SessionValue } from './session-codec.js';

/**
 * The JavaScript value of a serialized text.
 *
 * - An integer beyond 2^53 is a bigint; a string that is not UTF-8 is a Buffer.
 * - An array with the keys 0 to n-1 in order is a list, any other an object. An empty one is a list, as PHP's
 *   own JSON has it, except at the top, where it is the empty session.
 * - An object is a plain one with the names of its properties as its class has them. An enum is `Enum:Case`,
 *   and an object that wrote itself (`C:`) is what it wrote.
 * - References lead to the same JavaScript object, so cycles stay cycles; scalars are copied.
 */
export function readPhp(bytes: Buffer): SessionValue {
  const document = scanPhp(bytes);
  const { root } = document;
  return root.type === 'array' && root.keys.length === 0 ? {} : new PhpReader(document).read(root);
}

/**
 * A key as a property name. Keys that are not UTF-8 have their bytes from 0x80 up written as U+DC80 to U+DCFF
 * (as Python's surrogateescape does), so that `keyBytes` can give them back: a property cannot be a Buffer.
 */
function propertyName(bytes: Buffer, { from, to, isInt }: PhpKey): string {
  const text = bytes.toString('latin1', from, to);
  if (isInt) return canonicalInt(text);
  const name = bytes.subarray(from, to);
  if (isUtf8(name)) return name.toString('utf8');
  return text.replace(/[\x80-\xff]/g, (char) => String.fromCharCode(0xdc00 | char.charCodeAt(0)));
}

class PhpReader {
  readonly #bytes: Buffer;
  /** The value of each slot that has been reached, for the references behind it. */
  readonly #values = new Map<number, SessionValue>();

  constructor(document: PhpDocument) {
    this.#bytes = document.bytes;
  }

  read(node: PhpNode): SessionValue {
    switch (node.type) {
      case 'null':
        return null;
      case 'array':
      case 'object':
        return this.#array(node);
      case 'custom':
        return this.#keep(node, this.#custom(node));
      case 'variable':
      case 'instance': {
        const { target } = node;
        // Nothing is there yet when a `C:` refers to itself, which has no value but what it wrote.
        const value = this.#values.get(target.slot) ?? (isText(target) ? this.#text(target) : null);
        return this.#keep(node, value);
      }
      default:
        return this.#text(node);
    }
  }

  /** Text is not kept: it can be read again from its place, and most values are text. */
  #keep<V extends SessionValue>(node: PhpNode, value: V): V {
    if (node.slot > 0) this.#values.set(node.slot, value);
    return value;
  }

  #array(node: PhpArray): SessionValue {
    if (node.type === 'array' && this.#isList(node.keys)) {
      const list: SessionValue[] = this.#keep(node, []);
      for (const value of node.values) list.push(this.read(value));
      return list;
    }
    const record: Record<string, SessionValue> = this.#keep(node, {});
    for (const [index, value] of node.values.entries()) {
      const key = node.keys[index];
      if (key === undefined) continue;
      const name = propertyName(this.#bytes, key);
      define(record, node.type === 'object' ? unmangled(name) : name, this.read(value));
    }
    return record;
  }

  #isList(keys: readonly PhpKey[]): boolean {
    return keys.every(
      ({ isInt, from, to }, index) => isInt && this.#bytes.toString('latin1', from, to) === String(index),
    );
  }

  #custom(node: PhpCustom): SessionValue {
    const values = node.values.map((value) => this.read(value));
    if (values.length === 0) return text(this.#bytes, node.from, node.to);
    return values.length === 1 ? (values[0] ?? null) : values;
  }

  #text({ type, from, to }: PhpText): SessionValue {
    if (type === 'string' || type === 'enum') return text(this.#bytes, from, to);
    const digits = this.#bytes.toString('latin1', from, to);
    if (type === 'bool') return digits === '1';
    if (type === 'float') return Number(digits.replace('INF', 'Infinity')); // NAN becomes NaN by itself
    const number = Number(digits);
    if (Number.isSafeInteger(number)) return number + 0; // not -0, which is a float in PHP
    return BigInt(digits);
  }
}

function isText(node: PhpNode): node is PhpText {
  return 'from' in node && node.type !== 'custom';
}

/** A copy, because the bytes belong to someone else. */
function text(bytes: Buffer, from: number, to: number): SessionValue {
  const span = bytes.subarray(from, to);
  return isUtf8(span) ? span.toString('utf8') : Buffer.from(span);
}

/** Assigning to `__proto__` would set the prototype instead of a property. */
function define(record: Record<string, SessionValue>, name: string, value: SessionValue): void {
  if (name === '__proto__') {
    Object.defineProperty(record, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    record[name] = value;
  }
}

/** Private and protected properties are called `\0Class\0name` and `\0*\0name`. */
function unmangled(name: string): string {
  return name.startsWith('\0') ? name.slice(name.indexOf('\0', 1) + 1) : name;
}
