import { execPath } from 'node:process';
import { isForWsload } from './generator-args.js';
import type { Processes, ProgramSetup } from './processes.js';
import type { Figures, GeneratorName } from './results.js';

/** For connecting, warming up, and draining, beyond the time that is measured. */
const PATIENCE_MS = 60_000;
/** Opened, but not all of what was asked for; its figures are there and say so. */
const INCOMPLETE = 3;

export interface Generators {
  /** The suite's own generator, built. */
  readonly own: string;
  /** Path of `wsload`. */
  readonly wsload: string | undefined;
}

export interface Generated {
  readonly generator: GeneratorName;
  readonly figures: Figures;
}

/** `wsload` when it is there and can do what is asked, else the suite's own generator. */
export function generatorFor(args: readonly string[], { wsload }: Generators): GeneratorName {
  return wsload !== undefined && isForWsload(args) ? 'wsload' : 'own';
}

/** Runs a load generator to its end. @throws with what it said when it has measured nothing */
export async function generate(
  processes: Processes,
  generators: Generators,
  args: readonly string[],
  seconds: number,
): Promise<Generated> {
  const generator = generatorFor(args, generators);
  const setup: ProgramSetup =
    generator === 'wsload'
      ? { program: generators.wsload!, args }
      : { program: execPath, args: [generators.own, ...args] };
  const { exitCode, stdout, stderr } = await processes.run(setup, seconds * 1000 + PATIENCE_MS);
  const figures = figuresIn(stdout);
  if (figures !== undefined && (exitCode === 0 || exitCode === INCOMPLETE)) return { generator, figures };
  throw new Error(
    `The load generator ended with ${exitCode ?? 'a signal'}: ${(stderr || stdout).trim().slice(-2000)}`,
  );
}

/** The last line that it printed is a JSON object. */
function figuresIn(output: string): Figures | undefined {
  const line = output.trim().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) return undefined;
  const parsed: unknown = JSON.parse(line);
  return parsed as Figures;
}
