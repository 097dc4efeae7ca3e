import { isUtf8 } from 'node:buffer';
import { malformed } from './bytes.js';
import { MAX_NESTING } from './session-codec.js';

/** A top-level entry: its key, and where its value lies. The items of a list have their index as key. */
export interface JsonEntry {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

export interface JsonDocument {
  readonly kind: 'record' | 'list' | 'null' | 'scalar';
  /** Where the value lies, without the white space around it. */
  readonly start: number;
  readonly end: number;
  readonly entries: readonly JsonEntry[];
}

/** Checks that the bytes are one JSON text, exactly as JSON.parse would, and finds its top-level entries. */
export function scanJson(bytes: Buffer): JsonDocument {
  if (!isUtf8(bytes)) throw malformed('JSON', 'bytes that are not UTF-8', 0);
  return new JsonScanner(bytes).document();
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const LIST_OPEN = 0x5b;
const BACKSLASH = 0x5c;
const LIST_CLOSE = 0x5d;
const RECORD_OPEN = 0x7b;
const RECORD_CLOSE = 0x7d;
const WORDS = [
  { kind: 'null', text: Buffer.from('null') },
  { kind: 'scalar', text: Buffer.from('true') },
  { kind: 'scalar', text: Buffer.from('false') },
] as const;
const ESCAPES = new Set(Buffer.from('"\\/bfnrt'));

class JsonScanner {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  document(): JsonDocument {
    this.#skipSpace();
    const start = this.#at;
    const entries: JsonEntry[] = [];
    const kind = this.#value(1, (entry) => entries.push(entry));
    const end = this.#at;
    this.#skipSpace();
    if (this.#at < this.#bytes.length) this.#fail('more than one value');
    return { kind, start, end, entries };
  }

  #fail(problem: string): never {
    throw malformed('JSON', problem, this.#at);
  }

  #value(depth: number, report?: (entry: JsonEntry) => void): JsonDocument['kind'] {
    const first = this.#bytes[this.#at];
    if (first === RECORD_OPEN || first === LIST_OPEN) {
      if (depth > MAX_NESTING) this.#fail(`nesting beyond ${MAX_NESTING} levels`);
      this.#at += 1;
      if (first === RECORD_OPEN) this.#record(depth, report);
      else this.#list(depth, report);
      return first === RECORD_OPEN ? 'record' : 'list';
    }
    if (first === QUOTE) this.#string();
    else if (first === MINUS || isDigit(first)) this.#number();
    else return this.#word();
    return 'scalar';
  }

  #record(depth: number, report?: (entry: JsonEntry) => void): void {
    this.#skipSpace();
    if (this.#take(RECORD_CLOSE)) return;
    do {
      this.#skipSpace();
      const keyStart = this.#at;
      this.#string();
      const keyEnd = this.#at;
      this.#skipSpace();
      if (!this.#take(COLON)) this.#fail('no colon after a key');
      this.#skipSpace();
      const start = this.#at;
      this.#value(depth + 1);
      // Keys are compared by what they say, however they are escaped.
      report?.({ key: this.#parse(keyStart, keyEnd), start, end: this.#at });
      this.#skipSpace();
    } while (this.#take(COMMA));
    if (!this.#take(RECORD_CLOSE)) this.#fail('no end of an object');
  }

  #list(depth: number, report?: (entry: JsonEntry) => void): void {
    this.#skipSpace();
    if (this.#take(LIST_CLOSE)) return;
    let index = 0;
    do {
      this.#skipSpace();
      const start = this.#at;
      this.#value(depth + 1);
      report?.({ key: String(index), start, end: this.#at });
      index += 1;
      this.#skipSpace();
    } while (this.#take(COMMA));
    if (!this.#take(LIST_CLOSE)) this.#fail('no end of a list');
  }

  #string(): void {
    if (!this.#take(QUOTE)) this.#fail('no string');
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) this.#fail('no end of a string');
      if (byte < 0x20) this.#fail('a control character in a string');
      this.#at += 1;
      if (byte === QUOTE) return;
      if (byte === BACKSLASH) this.#escape();
    }
  }

  #escape(): void {
    const letter = this.#bytes[this.#at];
    if (letter === undefined || (letter !== 0x75 && !ESCAPES.has(letter))) this.#fail('an unknown escape');
    this.#at += 1;
    if (letter !== 0x75) return;
    const digits = this.#bytes.toString('latin1', this.#at, this.#at + 4);
    if (!/^[\da-f]{4}$/i.test(digits)) this.#fail('an unknown escape');
    this.#at += 4;
  }

  #number(): void {
    this.#take(MINUS);
    if (!this.#take(ZERO)) this.#digits();
    if (this.#take(DOT)) this.#digits();
    const exponent = this.#bytes[this.#at];
    if (exponent !== 0x65 && exponent !== 0x45) return;
    this.#at += 1;
    if (!this.#take(0x2b)) this.#take(MINUS);
    this.#digits();
  }

  #digits(): void {
    if (!isDigit(this.#bytes[this.#at])) this.#fail('a number without digits');
    while (isDigit(this.#bytes[this.#at])) this.#at += 1;
  }

  #word(): 'null' | 'scalar' {
    for (const { kind, text } of WORDS) {
      if (text.equals(this.#bytes.subarray(this.#at, this.#at + text.length))) {
        this.#at += text.length;
        return kind;
      }
    }
    return this.#fail('no value');
  }

  #parse(start: number, end: number): string {
    return String(JSON.parse(this.#bytes.toString('utf8', start, end)));
  }

  #take(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false;
    this.#at += 1;
    return true;
  }

  #skipSpace(): void {
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.#at += 1;
    }
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
