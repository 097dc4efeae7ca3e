import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { phpSessionCodec } from './index.js';

type Typed =
  | readonly ['null']
  | readonly ['bool', boolean]
  | readonly ['int' | 'float' | 'string', string]
  | readonly ['array', readonly TypedEntry[]]
  | readonly ['object', string, readonly TypedEntry[]];
type TypedEntry = readonly [Typed, Typed];

interface SessionValues {
  readonly session_typed?: Typed;
  readonly session_php_hex?: string | null;
  readonly bind_typed?: Typed;
  readonly bind_php_hex?: string;
  readonly system_php_hex?: string;
  readonly system?: unknown;
}
interface GoldenFrame {
  readonly name: string;
  readonly kind: string;
  readonly code: number | null;
  readonly load_hex: string;
  readonly input?: SessionValues;
}
interface Conversation {
  readonly worker_events: readonly {
    readonly event: string;
    readonly request?: unknown;
    readonly bind?: unknown;
  }[];
  readonly events: readonly {
    readonly frames?: readonly { readonly code?: number; readonly extra_hex?: string }[];
  }[];
}

function golden(file: string): string {
  return readFileSync(new URL(`../../../../test/golden/${file}`, import.meta.url), 'utf8');
}
const frames: readonly GoldenFrame[] = JSON.parse(golden('frames.json'));
const conversation: Conversation = JSON.parse(golden('conversation.json'));

/** What our reader should make of a typed value, written down independently of it. */
function expected(typed: Typed, isTop = true): unknown {
  switch (typed[0]) {
    case 'null':
      return null;
    case 'bool':
      return typed[1];
    case 'int':
      return Number.isSafeInteger(Number(typed[1])) ? Number(typed[1]) : BigInt(typed[1]);
    case 'float':
      return { NAN: Number.NaN, INF: Infinity, '-INF': -Infinity }[typed[1]] ?? Number(typed[1]);
    case 'string': {
      const bytes = Buffer.from(typed[1], 'hex');
      const text = bytes.toString('utf8');
      return Buffer.from(text).equals(bytes) ? text : bytes;
    }
    case 'object':
      return record(typed[2]);
    default: {
      const entries = typed[1];
      const isList = entries.every(([key], index) => key[0] === 'int' && key[1] === String(index));
      if (!isList || (isTop && entries.length === 0)) return record(entries);
      return entries.map(([, value]) => expected(value, false));
    }
  }
}

function record(entries: readonly TypedEntry[]): Record<string, unknown> {
  return Object.fromEntries(
    entries.map(([key, value]) => [
      key[0] === 'string' ? Buffer.from(key[1], 'hex').toString('utf8') : String(key[1]),
      expected(value, false),
    ]),
  );
}

/** Whether a JavaScript value can say it so that PHP's bytes come back. */
function isWritable(typed: Typed): boolean {
  if (typed[0] === 'object') return false;
  if (typed[0] === 'float') return !Number.isSafeInteger(Number(typed[1])) || typed[1] === '-0.0';
  if (typed[0] !== 'array') return true;
  const keys = typed[1].map(([key]) => (key[0] === 'string' ? undefined : Number(key[1])));
  // Objects of JavaScript have their integer keys first, in ascending order, and negative ones among the others.
  const isAscending = keys.every((key, index) => {
    const before = keys[index - 1];
    if (key === undefined || key < 0) return true;
    return index === 0 || (before !== undefined && before >= 0 && before < key);
  });
  return isAscending && typed[1].every(([, value]) => isWritable(value));
}

const texts = frames.flatMap(({ name, input }) => {
  const pairs = [
    { name, typed: input?.session_typed, hex: input?.session_php_hex },
    { name: `${name} (detail)`, typed: input?.bind_typed, hex: input?.bind_php_hex },
  ];
  return pairs.flatMap(({ typed, hex, ...rest }) =>
    typed !== undefined && typeof hex === 'string' ? [{ ...rest, typed, hex }] : [],
  );
});
const withReference = /session_reference_R/;

describe('PHP sessions recorded from the original', () => {
  it('are all there', () => {
    expect(texts.length).toBeGreaterThan(80);
    expect(texts.filter(({ typed }) => isWritable(typed)).length).toBeGreaterThan(50);
  });

  it.each(texts)('$name is read as PHP meant it', ({ typed, hex }) => {
    expect(phpSessionCodec.decode(Buffer.from(hex, 'hex'))).toEqual(expected(typed));
  });

  it.each(texts.filter(({ name, typed }) => isWritable(typed) && !withReference.test(name)))(
    '$name is written to the same bytes',
    ({ hex }) => {
      const value = phpSessionCodec.decode(Buffer.from(hex, 'hex'));
      expect(phpSessionCodec.encode(value).toString('hex')).toBe(hex);
    },
  );

  it.each(texts)('$name is stored, and merged into an empty session, unchanged', ({ typed, hex }) => {
    const stored = typed[0] === 'array' && typed[1].length === 0 ? '' : hex;
    const bytes = Buffer.from(hex, 'hex');
    expect(phpSessionCodec.normalize(bytes).toString('hex')).toBe(stored);
    expect(phpSessionCodec.merge(new Uint8Array(), bytes).toString('hex')).toBe(stored);
    expect(phpSessionCodec.merge(bytes, phpSessionCodec.empty).toString('hex')).toBe(stored);
  });

  it('GetSession of a missing client says none', () => {
    const reply = frames.find(({ name }) => name === 'reply.GetSession.missing_fd');
    expect(reply?.load_hex).toBe(phpSessionCodec.none.toString('hex'));
  });

  it('GetSession of an empty session says empty', () => {
    const reply = frames.find(({ name }) => name === 'reply.GetSession.session_empty');
    expect(reply?.load_hex).toBe(phpSessionCodec.empty.toString('hex'));
  });

  it('the system field of GetClientInfo is read', () => {
    const input = frames.find(({ name }) => name === 'reply.GetClientInfo.type_0')?.input;
    expect(phpSessionCodec.decode(Buffer.from(input?.system_php_hex ?? '', 'hex'))).toEqual(input?.system);
  });
});

function detailsOf(code: number): unknown[] {
  const recorded = conversation.events.flatMap((event) => event.frames ?? []);
  return recorded
    .filter((frame) => frame.code === code && frame.extra_hex !== undefined)
    .map((frame) => phpSessionCodec.decode(Buffer.from(frame.extra_hex ?? '', 'hex')));
}

describe('event details of the recorded conversation', () => {
  it('Open is read as the handlers of the original saw it', () => {
    const seen = conversation.worker_events.filter(({ event }) => event === 'open');
    expect(seen).toHaveLength(3);
    expect(detailsOf(23)).toEqual(seen.map(({ request }) => request));
  });

  it('Close is read as the handlers of the original saw it', () => {
    const seen = conversation.worker_events.filter(({ event }) => event === 'close');
    expect(seen.length).toBeGreaterThan(0);
    expect(detailsOf(22)).toEqual(seen.map(({ bind }) => bind));
  });
});
