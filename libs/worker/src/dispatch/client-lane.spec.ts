import 'reflect-metadata';
import { describe, expect, it } from 'vitest';

import { jsonSessionCodec } from '#protocol';

import { ClientEventContext } from '../context/client-event-context.js';
import { EventDecoder } from '../context/event-decoder.js';
import { SessionOverlay } from '../context/session-overlay.js';
import { LoopbackSource } from '../test/loopback-source.js';
import { ClientLane } from './client-lane.js';
import { EventRun } from './event-run.js';
import { planOf } from './handler-table.js';

const [source, other] = [new LoopbackSource('7f0000012394'), new LoopbackSource('7f0000012394')];
const overlay = new SessionOverlay(jsonSessionCodec, () => undefined);
const decoder = new EventDecoder(jsonSessionCodec, overlay, () => undefined);

function run(from = source): EventRun {
  const context = new ClientEventContext(decoder, from, 1, 'connect', Buffer.alloc(0), false);
  return new EventRun(planOf([]), context, from, from.nextSequence(), 1, undefined);
}

describe("a client's lane", () => {
  it('goes on with the next event when one cannot be started', () => {
    const [first, bad, third, last] = [run(), run(), run(), run()];
    const started: EventRun[] = [];
    const lane = new ClientLane((waiting) => {
      if (waiting === bad) throw new Error('bad');
      started.push(waiting);
      return false;
    }, first);
    lane.add(bad);
    lane.add(third);
    expect(() => lane.finished(first)).toThrow('bad');
    lane.add(last);
    expect(started).toEqual([third]);
    lane.finished(third);
    expect(started).toEqual([third, last]);
    lane.finished(last);
    expect(lane.isIdle).toBe(true);
  });

  it('gives what waits of one source away, and keeps the rest in order', () => {
    const first = run();
    const waiting = [run(), run(other), run(), run(other)];
    const started: EventRun[] = [];
    const lane = new ClientLane((next) => {
      started.push(next);
      return false;
    }, first);
    for (const next of waiting) lane.add(next);
    expect(lane.takeWaiting(source)).toEqual([waiting[0], waiting[2]]);
    expect(lane.runningOf(source)).toEqual([first]);
    expect(lane.runningOf(other)).toEqual([]);
    expect(started).toEqual([]);
    const late = run();
    lane.add(late);
    for (const done of [first, waiting[1]!, waiting[3]!, late]) {
      expect(lane.oldest).toBe(done);
      lane.finished(done);
    }
    expect(started).toEqual([waiting[1], waiting[3], late]);
    expect(lane.isIdle).toBe(true);
    expect(lane.oldest).toBeUndefined();
  });
});
