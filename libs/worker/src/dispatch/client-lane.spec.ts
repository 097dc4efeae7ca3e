import 'reflect-metadata';
import { describe, expect, it } from 'vitest';

import { jsonSessionCodec } from '#protocol';

import { ClientEventContext } from '../context/client-event-context.js';
import { EventDecoder } from '../context/event-decoder.js';
import { ClientLane } from './client-lane.js';
import { EventRun } from './event-run.js';
import { planOf } from './handler-table.js';

const GATEWAY = '7f0000012394';
const decoder = new EventDecoder(jsonSessionCodec, () => undefined);

function run(): EventRun {
  const context = new ClientEventContext(decoder, GATEWAY, 1, 'connect', Buffer.alloc(0));
  return new EventRun(planOf([]), context, GATEWAY, 1, undefined);
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
});
