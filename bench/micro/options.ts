import { parseArgs } from 'node:util';
import { InvalidOptionError } from '#protocol';

export interface MicroOptions {
  /** Measures the cases whose group or name contains one of these, in any case of letters. @default all */
  readonly only: readonly string[];
  /** One JSON object instead of Markdown. @default false */
  readonly json: boolean;
  /** How long each case is measured, in milliseconds, at least 1. @default 500 */
  readonly timeMs: number;
}

/** @throws InvalidOptionError for what is not known, and for values that cannot be meant */
export function parseMicroOptions(args: readonly string[]): MicroOptions {
  const { only = [], json, time } = readArguments(args);
  const timeMs = Number(time);
  if (!(timeMs >= 1)) throw new InvalidOptionError('time', `must be milliseconds from 1 on, not "${time}".`);
  return { only, json, timeMs };
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string', multiple: true },
        json: { type: 'boolean', default: false },
        time: { type: 'string', default: '500' },
      },
    }).values;
  } catch (error) {
    throw new InvalidOptionError(args.join(' '), `cannot be read: ${(error as Error).message}`);
  }
}
