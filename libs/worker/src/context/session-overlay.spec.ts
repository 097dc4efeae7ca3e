import { describe, expect, it } from 'vitest';

import { jsonSessionCodec, type SessionCodec } from '#protocol';

import { LoopbackSource } from '../test/loopback-source.js';
import { SessionOverlay } from './session-overlay.js';

const GATEWAY = '7f0000012394';
const bytesOf = (value: object): Buffer => jsonSessionCodec.encode(value);

interface Setup {
  readonly overlay: SessionOverlay;
  readonly source: LoopbackSource;
  /** `appliedWrites` of the oldest event that is still here. */
  oldest: number | undefined;
  /** What an event with these writes, and this session, is to see. */
  readonly seen: (appliedWrites: number, session?: object) => unknown;
  readonly merged: () => number;
}

function setup(): Setup {
  let merged = 0;
  const codec: SessionCodec = {
    ...jsonSessionCodec,
    merge(current, patch) {
      merged++;
      return jsonSessionCodec.merge(current, patch);
    },
  };
  const source = new LoopbackSource(GATEWAY);
  const made: Setup = {
    source,
    oldest: undefined,
    overlay: new SessionOverlay(codec, () => made.oldest),
    seen: (appliedWrites, session = {}) => {
      const overlaid = made.overlay.overlaid(source, 1, appliedWrites, bytesOf(session));
      return overlaid && jsonSessionCodec.decode(overlaid.bytes);
    },
    merged: () => merged,
  };
  return made;
}

function merge(number: number, value: object): Parameters<SessionOverlay['written']>[2] {
  return { kind: 'merge', session: bytesOf(value), number };
}

describe('what was written to a session', () => {
  it('is put into events that came before it, and not into those that bring it along', () => {
    const { overlay, source, seen } = setup();
    overlay.written(source, 1, merge(1, { a: 1 }));
    overlay.written(source, 1, merge(2, { b: 2 }));
    expect(seen(0, { a: 0, z: 0 })).toEqual({ a: 1, z: 0, b: 2 });
    expect(seen(1, { a: 9 })).toEqual({ a: 9, b: 2 });
    expect(seen(2)).toBeUndefined();
  });

  it.each([
    ['set', { n: 2 }, { n: 2 }],
    ['delete', {}, {}],
  ] as const)('by %s hides all that was there before', (kind, value, expected) => {
    const { overlay, source, seen } = setup();
    overlay.written(source, 1, merge(1, { a: 1 }));
    const session = kind === 'set' ? bytesOf(value) : Buffer.alloc(0);
    overlay.written(source, 1, { kind, session, number: 2 });
    expect(seen(0, { z: 0 })).toEqual(expected);
    overlay.written(source, 1, merge(3, { b: 3 }));
    expect(seen(1, { z: 0 })).toEqual({ ...expected, b: 3 });
  });

  it('is forgotten when events bring it along', () => {
    const { overlay, source } = setup();
    for (let client = 1; client <= 3; client++) overlay.written(source, client, merge(client, { a: 1 }));
    expect(overlay.size).toBe(3);
    source.appliedWrites = 2;
    overlay.confirmed(source);
    expect(overlay.size).toBe(1);
    source.appliedWrites = 3;
    overlay.confirmed(source);
    expect(overlay.isEmpty).toBe(true);
  });

  it('is kept while an event that came before it is here', () => {
    const made = setup();
    const { overlay, source, seen } = made;
    made.oldest = 0;
    overlay.written(source, 1, merge(1, { a: 1 }));
    source.appliedWrites = 1;
    overlay.confirmed(source);
    expect(seen(0)).toEqual({ a: 1 });
    made.oldest = undefined;
    overlay.eventEnded(source, 1);
    expect(overlay.isEmpty).toBe(true);
  });

  it('is not mixed up with what is written later to a client that was forgotten', () => {
    const made = setup();
    const { overlay, source, seen } = made;
    overlay.written(source, 1, merge(1, { a: 1 }));
    overlay.written(source, 2, merge(2, { a: 1 }));
    source.appliedWrites = 1;
    overlay.eventEnded(source, 1); // before it was told of the growth
    overlay.written(source, 1, merge(3, { b: 1 }));
    source.appliedWrites = 2;
    overlay.confirmed(source);
    expect(seen(2)).toEqual({ b: 1 });
    expect(overlay.size).toBe(1);
  });

  it('counts on at 0 after 2^32 - 1', () => {
    const { overlay, source, seen } = setup();
    source.appliedWrites = 0xffff_fffe;
    overlay.written(source, 1, merge(0xffff_ffff, { a: 1 }));
    overlay.written(source, 1, merge(0, { b: 1 }));
    expect(seen(0xffff_fffe)).toEqual({ a: 1, b: 1 });
    expect(seen(0xffff_ffff)).toEqual({ b: 1 });
    source.appliedWrites = 0;
    overlay.confirmed(source);
    expect(overlay.isEmpty).toBe(true);
  });

  it('takes bounded memory and time, however often it is written to while an event is here', () => {
    const made = setup();
    const { overlay, source, seen } = made;
    made.oldest = 0;
    for (let n = 1; n <= 10_000; n++) {
      overlay.written(source, 1, merge(n, { [`key${n % 3}`]: n }));
      source.appliedWrites = n;
      overlay.confirmed(source);
    }
    const before = made.merged();
    expect(seen(0, { z: 0 })).toEqual({ z: 0, key1: 10_000, key2: 9_998, key0: 9_999 });
    expect(made.merged() - before).toBeLessThanOrEqual(16);
  });

  it('has no effect when the gateway refuses it, too', () => {
    const { overlay, source, seen } = setup();
    overlay.written(source, 1, merge(1, { a: 1 }));
    for (const kind of ['set', 'merge'] as const) {
      overlay.written(source, 1, { kind, session: Buffer.from('{"a":'), number: 2 });
    }
    expect(seen(0)).toEqual({ a: 1 });
  });

  it('is forgotten when the link is over', () => {
    const { overlay, source, seen } = setup();
    const other = new LoopbackSource(GATEWAY);
    overlay.written(source, 1, merge(1, { a: 1 }));
    overlay.written(other, 1, merge(1, { a: 2 }));
    overlay.forget(source);
    expect(seen(0)).toBeUndefined();
    expect(overlay.size).toBe(1);
    overlay.confirmed(source);
    overlay.eventEnded(source, 1);
    overlay.clear();
    expect(overlay.isEmpty).toBe(true);
  });
});
