import { parseArgs } from 'node:util';
import { InvalidOptionError } from '#protocol';
import { TARGET_NAMES, type TargetName } from './targets.js';

export const PARTS = ['load', 'micro', 'size'] as const;
export type Part = (typeof PARTS)[number];

export interface SuiteOptions {
  /** What is run. @default all; with `only` the load alone */
  readonly parts: readonly Part[];
  /** Parts of the names of the scenarios that are run. @default all */
  readonly only: readonly string[];
  /** How often each scenario runs against each target, at least 1. @default 3 */
  readonly runs: number;
  /** How long a run measures, in seconds, at least 0.1. @default 5 */
  readonly seconds: number;
  /** @default all */
  readonly peers: readonly TargetName[];
  /** Path of `wsload`, used where it can do what is needed. @default none: the suite's own generator alone */
  readonly generator: string | undefined;
  /** Path of the C reference server. @default none: there is no such column */
  readonly reference: string | undefined;
  /** Folder for the results. @default bench/results */
  readonly out: string;
}

/** @throws InvalidOptionError for what is not known, and for values that cannot be meant */
export function parseSuiteOptions(args: readonly string[]): SuiteOptions {
  const values = readArguments(args);
  const only = values.only ?? [];
  return {
    parts:
      values.parts === undefined ? (only.length > 0 ? ['load'] : PARTS) : oneOf('parts', values.parts, PARTS),
    only,
    runs: atLeast('runs', values.runs, 1, true),
    seconds: atLeast('seconds', values.seconds, 0.1, false),
    peers:
      values.peers === undefined ? TARGET_NAMES : withNestwire(oneOf('peers', values.peers, TARGET_NAMES)),
    generator: values.generator,
    reference: values.reference,
    out: values.out,
  };
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        parts: { type: 'string' },
        only: { type: 'string', multiple: true },
        runs: { type: 'string', default: '3' },
        seconds: { type: 'string', default: '5' },
        peers: { type: 'string' },
        generator: { type: 'string' },
        reference: { type: 'string' },
        out: { type: 'string', default: 'bench/results' },
      },
    }).values;
  } catch (error) {
    throw new InvalidOptionError(args.join(' '), `cannot be read: ${(error as Error).message}`);
  }
}

function oneOf<Name extends string>(option: string, text: string, names: readonly Name[]): readonly Name[] {
  const given = text.split(',').map((name) => name.trim());
  const wrong = given.find((name) => !names.includes(name as Name));
  if (wrong === undefined) return names.filter((name) => given.includes(name));
  throw new InvalidOptionError(option, `must be a list of ${names.join(', ')}, not "${wrong}".`);
}

/** Peers are what Nestwire is compared with: it is always there. */
function withNestwire(peers: readonly TargetName[]): readonly TargetName[] {
  return TARGET_NAMES.filter((name) => name === 'nestwire' || peers.includes(name));
}

function atLeast(option: string, text: string, least: number, isWhole: boolean): number {
  const value = Number(text);
  if (value >= least && (!isWhole || Number.isInteger(value))) return value;
  const kind = isWhole ? 'a whole number' : 'a number';
  throw new InvalidOptionError(option, `must be ${kind} from ${least} on, not "${text}".`);
}
