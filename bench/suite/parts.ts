import { existsSync } from 'node:fs';
import { execPath } from 'node:process';
import { join } from 'node:path';
import type { Part } from './options.js';
import type { Processes } from './processes.js';
import type { PartOutcome } from './results.js';

const TIMEOUT_MS = 10 * 60_000;

/** The parts of the suite that are programs of their own, and print their results as JSON. */
export const OTHER_PARTS = ['micro', 'size'] as const satisfies readonly Part[];
export type OtherPart = (typeof OTHER_PARTS)[number];

/** The other parts go on when one fails. */
export async function runPart(part: OtherPart, built: string, processes: Processes): Promise<PartOutcome> {
  const script = join(built, 'bench', part, 'main.js');
  if (!existsSync(script))
    return { error: `bench/${part}/main.js is not there: build it first, npm run build` };
  const setup = { program: execPath, args: ['--expose-gc', script, '--json'] };
  const { exitCode, stdout, stderr } = await processes.run(setup, TIMEOUT_MS);
  if (processes.isClosing) throw new Error(`bench/${part} was ended: the run is being ended`);
  const error = `bench/${part} ended with ${exitCode ?? 'a signal'}: ${stderr.trim().slice(-2000)}`;
  try {
    // It has figures, too, when it fails because one of them is too high.
    const output: unknown = JSON.parse(stdout);
    return exitCode === 0 ? { output } : { output, error };
  } catch {
    return { error };
  }
}
