import { InvalidOptionError } from '#protocol';
import { describe, expect, it } from 'vitest';
import { parseSuiteOptions } from './options.js';

function problemOf(...args: readonly string[]): string {
  try {
    parseSuiteOptions(args);
  } catch (error) {
    if (error instanceof InvalidOptionError) return error.message;
    throw error;
  }
  return 'none';
}

describe('parseSuiteOptions', () => {
  it('runs everything, against everyone, three times five seconds', () => {
    expect(parseSuiteOptions([])).toEqual({
      parts: ['load', 'micro', 'size'],
      only: [],
      runs: 3,
      seconds: 5,
      peers: ['nestwire', 'nestwire-base', 'plain-ws', 'platform-ws', 'socket.io', 'reference'],
      generator: undefined,
      reference: undefined,
      out: 'bench/results',
    });
  });

  it('leaves the other parts out when single scenarios are asked for, unless they are asked for too', () => {
    expect(parseSuiteOptions(['--only', 'churn', '--only', 'idle'])).toMatchObject({
      only: ['churn', 'idle'],
      parts: ['load'],
    });
    expect(parseSuiteOptions(['--only', 'churn', '--parts', 'size,load']).parts).toEqual(['load', 'size']);
  });

  it('always measures Nestwire, beside the peers that are asked for', () => {
    expect(parseSuiteOptions(['--peers', 'socket.io, plain-ws']).peers).toEqual([
      'nestwire',
      'plain-ws',
      'socket.io',
    ]);
  });

  it.each([
    [['--peers', 'uws'], '"uws"'],
    [['--parts', 'soak'], '"soak"'],
    [['--runs', '0'], 'a whole number from 1 on'],
    [['--runs', '1.5'], 'a whole number from 1 on'],
    [['--seconds', 'long'], 'a number from 0.1 on'],
    [['--second', '5'], "Unknown option '--second'"],
    [['echo'], "Unexpected argument 'echo'"],
  ])('refuses %j', (args, problem) => {
    expect(problemOf(...args)).toContain(problem);
  });
});
