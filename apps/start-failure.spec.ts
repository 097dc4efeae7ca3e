import { afterEach, describe, expect, it, vi } from 'vitest';
import { InvalidOptionError } from '#protocol';
import { ProcessStartError } from '#supervisor';
import { readLogEnvironment } from './environment.js';
import { writeFailure } from './start-failure.js';

afterEach(() => void vi.restoreAllMocks());

function written(error: unknown, variables: NodeJS.ProcessEnv): string {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  writeFailure(error, readLogEnvironment(variables));
  return write.mock.calls.map(([text]) => String(text)).join('');
}

function jsonOf(text: string): unknown {
  expect(text.endsWith('\n')).toBe(true);
  expect(text.trimEnd().split('\n')).toHaveLength(1);
  return JSON.parse(text);
}

describe('why a service did not start', () => {
  it.each(['json', 'debug,json', 'fatal, json', 'json,loud'])(
    'is a line of JSON with NESTWIRE_LOG=%s',
    (log) => {
      const variables = { NESTWIRE_LOG: log, NESTWIRE_LISTEN: 'foo', NESTWIRE_UNKNOWN: '1' };
      const error = new InvalidOptionError('gateway.listen', 'must be a URL.');
      expect(jsonOf(written(error, variables))).toMatchObject({
        level: 'fatal',
        message: 'Option "NESTWIRE_LISTEN" must be a URL.',
        name: 'InvalidOptionError',
        code: 'ERR_NESTWIRE_INVALID_OPTION',
      });
    },
  );

  it('names the process that did not, where there are several', () => {
    const error = new ProcessStartError('worker 2/2', { code: 1, signal: null });
    const variables = { NESTWIRE_LOG: 'json', NESTWIRE_SUPERVISED: 'worker 2/2' };
    expect(jsonOf(written(error, variables))).toMatchObject({
      process: 'worker 2/2',
      code: 'ERR_NESTWIRE_PROCESS_START',
    });
  });

  it.each([new TypeError('broken'), 'broken'])('is a line of JSON when it is no error of ours', (error) => {
    expect(jsonOf(written(error, { NESTWIRE_LOG: 'json' }))).toMatchObject({
      level: 'fatal',
      message: 'broken',
    });
  });

  it.each([undefined, '', 'debug', 'jason'])('is plain text with NESTWIRE_LOG=%s', (log) => {
    const error = new InvalidOptionError('gateway.listen', 'must be a URL.');
    expect(written(error, { NESTWIRE_LOG: log })).toBe(
      'InvalidOptionError [ERR_NESTWIRE_INVALID_OPTION]: Option "NESTWIRE_LISTEN" must be a URL.\n',
    );
  });
});
