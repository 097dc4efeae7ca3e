import { malformed } from './bytes.js';
import { objectAt } from './php-nodes.js';
import type {
  PhpArray,
  PhpCustom,
  PhpDocument,
  PhpInstance,
  PhpKey,
  PhpNode,
  PhpNull,
  PhpSlotted,
  PhpText,
  PhpVariable,
} from './php-nodes.js';
import { MAX_NESTING } from './session-codec.js';

/**
 * Checks that the bytes are one value as PHP's serialize() writes it, and finds what lies where. Announced
 * lengths are compared with what is there before anything is done about them.
 */
export function scanPhp(bytes: Buffer): PhpDocument {
  return new PhpScanner(bytes).document();
}

const QUOTE = 0x22;
const ZERO = 0x30;
const COLON = 0x3a;
const SEMICOLON = 0x3b;
const OPEN = 0x7b;
const CLOSE = 0x7d;
/** `i:0;N;`: no entry is shorter, which shows that an announced count is a lie before anything is read. */
const LEAST_ENTRY_BYTES = 6;
const MAX_LENGTH = 2 ** 40;
const MAX_INT_DIGITS = 24;
const INT = /^[+-]?\d+$/;
const CLASS_NAME = /^[\w\\\x7f-\xff]+$/;
const ENUM_CASE = /^[\w\\\x7f-\xff]+:[\w\x7f-\xff]+$/;
const FLOAT = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|NAN|-?INF)$/;

/** Ends the look into a payload. One for all: the stack trace of a new error costs more than the payload. */
const OPAQUE = new Error('A payload is not made of serialized values');

class PhpScanner {
  readonly #bytes: Buffer;
  /** Nothing is read from here on: the end of the bytes or, inside a `C:`, of its payload. */
  #limit: number;
  #at = 0;
  /** How many payloads of `C:` are around this place. */
  #payloads = 0;
  #hasReferences = false;
  readonly #slots: PhpSlotted[] = [];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#limit = bytes.length;
  }

  document(): PhpDocument {
    const root = this.#value(1);
    if (this.#at < this.#limit) this.#fail('more than one value');
    return { bytes: this.#bytes, root, hasReferences: this.#hasReferences };
  }

  #fail(problem: string): never {
    if (this.#payloads > 0) throw OPAQUE;
    throw malformed('PHP', problem, this.#at);
  }

  #value(depth: number): PhpNode {
    const start = this.#at;
    const letter = this.#at < this.#limit ? this.#bytes[this.#at] : undefined;
    this.#at += 1;
    if (letter === 0x4e /* N */) {
      this.#expect(SEMICOLON);
      return this.#slotted<PhpNull>({ type: 'null', slot: this.#nextSlot(), start, end: this.#at });
    }
    this.#expect(COLON);
    switch (letter) {
      case 0x62: // b
        return this.#scalar('bool', start);
      case 0x69: // i
        return this.#scalar('int', start);
      case 0x64: // d
        return this.#scalar('float', start);
      case 0x73: // s
        return this.#text('string', start);
      case 0x45: // E
        return this.#text('enum', start);
      case 0x61: // a
        return this.#array('array', start, depth);
      case 0x4f: // O
        return this.#array('object', start, depth);
      case 0x43: // C
        return this.#custom(start, depth);
      case 0x52: // R
        return this.#reference('variable', start);
      case 0x72: // r
        return this.#reference('instance', start);
      default:
        this.#at = start;
        return this.#fail('an unknown type');
    }
  }

  #nextSlot(): number {
    return this.#slots.length + 1;
  }

  #slotted<N extends PhpSlotted>(node: N): N {
    this.#slots.push(node);
    return node;
  }

  #scalar(type: 'bool' | 'int' | 'float', start: number): PhpText {
    const from = this.#at;
    const text = this.#untilSemicolon();
    const isValid =
      type === 'bool' ? text === '0' || text === '1' : type === 'int' ? isInt64(text) : FLOAT.test(text);
    if (!isValid) this.#fail(`no ${type}`);
    const slot = this.#nextSlot();
    return this.#slotted<PhpText>({ type, slot, start, end: this.#at, from, to: this.#at - 1 });
  }

  #text(type: 'string' | 'enum', start: number): PhpText {
    const [from, to] = this.#quoted();
    this.#expect(SEMICOLON);
    if (type === 'enum' && !ENUM_CASE.test(this.#latin1(from, to))) this.#fail('no enum case');
    return this.#slotted<PhpText>({ type, slot: this.#nextSlot(), start, end: this.#at, from, to });
  }

  #array(type: 'array' | 'object', start: number, depth: number): PhpArray {
    if (depth > MAX_NESTING) this.#fail(`nesting beyond ${MAX_NESTING} levels`);
    if (type === 'object') this.#className();
    const count = this.#length();
    if (count * LEAST_ENTRY_BYTES > this.#limit - this.#at) this.#fail(`no room for ${count} entries`);
    this.#expect(OPEN);
    const slot = this.#nextSlot();
    const node = this.#slotted<PhpArray>({ type, slot, start, end: start, keys: [], values: [] });
    for (let left = count; left > 0; left -= 1) {
      node.keys.push(this.#key());
      node.values.push(this.#value(depth + 1));
    }
    this.#expect(CLOSE);
    node.end = this.#at;
    return node;
  }

  #key(): PhpKey {
    const start = this.#at;
    const letter = this.#bytes[this.#at];
    if (letter !== 0x69 && letter !== 0x73) this.#fail('a key that is neither integer nor string');
    const isInt = letter === 0x69;
    this.#at += 1;
    this.#expect(COLON);
    if (isInt) {
      const from = this.#at;
      if (!isInt64(this.#untilSemicolon())) this.#fail('no integer key');
      return { start, end: this.#at, isInt, from, to: this.#at - 1 };
    }
    const [from, to] = this.#quoted();
    this.#expect(SEMICOLON);
    return { start, end: this.#at, isInt, from, to };
  }

  #custom(start: number, depth: number): PhpCustom {
    if (depth > MAX_NESTING) this.#fail(`nesting beyond ${MAX_NESTING} levels`);
    this.#className();
    const lengthAt = this.#at;
    const length = this.#length();
    this.#expect(OPEN);
    const from = this.#at;
    const to = from + length;
    if (to >= this.#limit) this.#fail(`no room for ${length} bytes`);
    const slot = this.#nextSlot();
    const node = this.#slotted<PhpCustom>({
      type: 'custom',
      slot,
      start,
      end: to + 1,
      lengthAt,
      from,
      to,
      values: [],
    });
    node.values = this.#payload(to, depth);
    this.#at = to;
    this.#expect(CLOSE);
    return node;
  }

  /** The serialized values that a payload is made of; none if it is anything else, which only its class can read. */
  #payload(to: number, depth: number): PhpNode[] {
    const before = { limit: this.#limit, slots: this.#slots.length, hasReferences: this.#hasReferences };
    const values: PhpNode[] = [];
    this.#limit = to;
    this.#payloads += 1;
    try {
      while (this.#at < to) values.push(this.#value(depth + 1));
      return values;
    } catch (error) {
      if (error !== OPAQUE) throw error;
      this.#slots.length = before.slots;
      this.#hasReferences = before.hasReferences;
      return [];
    } finally {
      this.#limit = before.limit;
      this.#payloads -= 1;
    }
  }

  #reference(type: 'variable' | 'instance', start: number): PhpVariable | PhpInstance {
    const text = this.#untilSemicolon();
    const target = /^\d{1,10}$/.test(text) ? this.#slots[Number(text) - 1] : undefined;
    if (target === undefined) this.#fail('a reference to no value');
    if (type === 'instance' && objectAt(target) === undefined) this.#fail('a reference to no object');
    this.#hasReferences = true;
    if (type === 'variable') return { type, slot: 0, start, end: this.#at, target };
    return this.#slotted<PhpInstance>({ type, slot: this.#nextSlot(), start, end: this.#at, target });
  }

  #className(): void {
    const [from, to] = this.#quoted();
    if (!CLASS_NAME.test(this.#latin1(from, to))) this.#fail('no class name');
    this.#expect(COLON);
  }

  #latin1(from: number, to: number): string {
    return this.#bytes.toString('latin1', from, to);
  }

  /** `5:"bytes"`: where the bytes are. */
  #quoted(): [from: number, to: number] {
    const length = this.#length();
    this.#expect(QUOTE);
    const from = this.#at;
    if (length > this.#limit - from) this.#fail(`no room for ${length} bytes`);
    this.#at += length;
    this.#expect(QUOTE);
    return [from, this.#at - 1];
  }

  /** A length or count and the colon after it. */
  #length(): number {
    const from = this.#at;
    let length = 0;
    for (; this.#at < this.#limit; this.#at += 1) {
      const digit = (this.#bytes[this.#at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) break;
      length = length * 10 + digit;
      if (length > MAX_LENGTH) this.#fail('a length beyond any memory');
    }
    if (this.#at === from) this.#fail('no length');
    this.#expect(COLON);
    return length;
  }

  #untilSemicolon(): string {
    const from = this.#at;
    // Not indexOf: it would look beyond the limit, again for each of many short payloads.
    while (this.#at < this.#limit && this.#bytes[this.#at] !== SEMICOLON) this.#at += 1;
    const text = this.#latin1(from, this.#at);
    this.#expect(SEMICOLON);
    return text;
  }

  #expect(byte: number): void {
    if (this.#at >= this.#limit || this.#bytes[this.#at] !== byte) {
      this.#fail(`no "${String.fromCharCode(byte)}"`);
    }
    this.#at += 1;
  }
}

function isInt64(text: string): boolean {
  if (text.length > MAX_INT_DIGITS || !INT.test(text)) return false;
  return text.length <= 16 || BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}
