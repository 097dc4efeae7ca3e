import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LogThrottle } from './log-throttle.js';
import { silentLog } from './node-log.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

describe('a throttled log', () => {
  it('writes one line of a kind an interval, and how many it left out', () => {
    const throttle = new LogThrottle(10_000);
    const lines: string[] = [];
    const write = (kind: string): void => throttle.run(kind, (remark) => lines.push(kind + remark));
    for (const kind of ['a', 'a', 'b', 'a']) write(kind);
    vi.setSystemTime(Date.now() + 9_999);
    write('a');
    expect(lines).toEqual(['a', 'b']);
    vi.setSystemTime(Date.now() + 1);
    for (const kind of ['a', 'b', 'a']) write(kind);
    expect(lines).toEqual(['a', 'b', 'a (and 3 more like it since the last line)', 'b']);
  });

  it('has news again after a reset', () => {
    const throttle = new LogThrottle(10_000);
    const lines: string[] = [];
    throttle.run('a', (remark) => lines.push(remark));
    throttle.run('a', (remark) => lines.push(remark));
    throttle.reset();
    throttle.run('a', (remark) => lines.push(remark));
    expect(lines).toEqual(['', '']);
  });

  it('warns without facts when there are none: an explicit undefined would be a line of its own in the log of Nest', () => {
    const warned: unknown[][] = [];
    const log = { ...silentLog, warn: (...line: unknown[]) => void warned.push(line) };
    const throttle = new LogThrottle();
    throttle.warn(log, 'a', 'text');
    throttle.warn(log, 'b', 'text', { peer: 'x' });
    expect(warned).toEqual([['text'], ['text', { peer: 'x' }]]);
  });
});
