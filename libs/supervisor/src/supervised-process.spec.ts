import { describe, expect, it } from 'vitest';
import { SupervisedProcess } from './supervised-process.js';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

// What a supervised one does is seen in test/e2e, with processes of their own.
describe('a process that nobody supervises', () => {
  it('keeps its signals', () => {
    const before = SIGNALS.map((signal) => process.listenerCount(signal));
    expect(SupervisedProcess.join(() => undefined)).toBeUndefined();
    expect(SIGNALS.map((signal) => process.listenerCount(signal))).toEqual(before);
  });
});
