import { joinOwned, malformed, viewOf } from './bytes.js';
import { scanJson } from './json-scanner.js';
import type { JsonDocument } from './json-scanner.js';
import type { SessionCodec, SessionValue } from './session-codec.js';
import { ValueWriter } from './value-writer.js';
import type { Entry, Scalar } from './value-writer.js';

/**
 * Sessions as JSON, for clusters without PHP nodes. Integers beyond 2^53 lose digits when they are read, as
 * always in JavaScript; the gateway passes them through unharmed.
 */
export const jsonSessionCodec: SessionCodec = {
  name: 'json',
  empty: Buffer.from('{}'),
  none: Buffer.from('null'),

  encode: (value) => Buffer.from(new JsonWriter().write(value)),
  encodePlain: (value) => Buffer.from(JSON.stringify(value)),

  decode(bytes) {
    if (bytes.length === 0) return {};
    const view = viewOf(bytes);
    scanJson(view); // JSON.parse alone accepts any nesting and turns wrong UTF-8 into something else
    const value: SessionValue = JSON.parse(view.toString('utf8'));
    return value;
  },

  merge(current, patch) {
    const spans = new Map<string, Buffer>();
    for (const bytes of [viewOf(current), viewOf(patch)]) {
      for (const { key, start, end } of scanSession(bytes)?.entries ?? []) {
        spans.set(key, bytes.subarray(start, end)); // a Map keeps the place of a key it already has
      }
    }
    if (spans.size === 0) return joinOwned([]);
    const parts = [...spans].flatMap(([key, span], index) => [
      Buffer.from(`${index === 0 ? '{' : ','}${JSON.stringify(key)}:`),
      span,
    ]);
    return joinOwned([...parts, Buffer.from('}')]);
  },

  normalize(bytes) {
    const view = viewOf(bytes);
    const document = scanSession(view);
    if (document === undefined || document.entries.length === 0) return joinOwned([]);
    return joinOwned([view.subarray(document.start, document.end)]);
  },
};

/** The session in the bytes, or undefined when there is none. */
function scanSession(bytes: Buffer): JsonDocument | undefined {
  if (bytes.length === 0) return undefined;
  const document = scanJson(bytes);
  if (document.kind === 'scalar') throw malformed('JSON', 'no object or list', document.start);
  return document.kind === 'null' ? undefined : document;
}

class JsonWriter extends ValueWriter {
  #text = '';

  write(value: unknown): string {
    this.writeRoot(value);
    return this.#text;
  }

  protected override writeScalar(value: Scalar): void {
    if (typeof value === 'bigint') {
      this.refuse('is a bigint, which JSON readers would round: write String(value)');
    }
    if (typeof value === 'number' && !Number.isFinite(value)) {
      this.refuse(`is ${value}, which JSON cannot say: write null or a string`);
    }
    this.#text += Object.is(value, -0) ? '-0' : JSON.stringify(value);
  }

  protected override writeBytes(): void {
    this.refuse("holds raw bytes, which JSON cannot say: write bytes.toString('base64')");
  }

  protected override writeList(items: readonly unknown[]): void {
    this.#text += '[';
    for (const [index, item] of items.entries()) {
      if (index > 0) this.#text += ',';
      this.writeItem(index, item);
    }
    this.#text += ']';
  }

  protected override writeRecord(entries: readonly Entry[]): void {
    this.#text += '{';
    for (const [index, [key, item]] of entries.entries()) {
      this.#text += `${index > 0 ? ',' : ''}${JSON.stringify(key)}:`;
      this.writeItem(key, item);
    }
    this.#text += '}';
  }
}
