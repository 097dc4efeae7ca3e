import { load } from './load.js';
import type { LoadOptions } from './options.js';
import { parseOptions, usage } from './parse-options.js';
import { UsageError } from './usage-error.js';

export const ExitCode = { Ok: 0, Usage: 2, Incomplete: 3, OutOfTime: 4 } as const;
/** For what no option limits: probing, and the goodbyes. */
const SPARE_MS = 30_000;

/** Where a run writes to. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Ends the process although the run has not ended. */
  giveUp(exitCode: number): void;
  readonly interrupted: AbortSignal;
}

/** @returns the exit code */
export async function runCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    terminal.out(usage());
    return ExitCode.Ok;
  }
  const options = optionsFrom(args, terminal);
  return options === undefined ? ExitCode.Usage : run(options, terminal);
}

async function run(options: LoadOptions, terminal: Terminal): Promise<number> {
  const timer = setTimeout(() => {
    terminal.err('The run did not end in its time\n');
    terminal.giveUp(ExitCode.OutOfTime);
  }, longestMs(options));
  try {
    const { isComplete } = await load(options, {
      interrupted: terminal.interrupted,
      // Scripts that read the figures from stdout wait for the word elsewhere.
      ready: (open) => terminal[options.json ? 'err' : 'out'](`READY ${open}\n`),
      measured: (text) => terminal.out(text),
    });
    return isComplete ? ExitCode.Ok : ExitCode.Incomplete;
  } finally {
    clearTimeout(timer);
  }
}

/** Says what is wrong, and returns undefined, when they cannot be used. */
function optionsFrom(args: readonly string[], terminal: Terminal): LoadOptions | undefined {
  try {
    return parseOptions(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    terminal.err(`${error.message}\nAll options: --help\n`);
    return undefined;
  }
}

function longestMs(options: LoadOptions): number {
  const { connectTimeoutMs, settleMs, warmupMs, runMs, holdMs, drainMs } = options;
  return connectTimeoutMs * 3 + settleMs * 2 + warmupMs + runMs + holdMs + drainMs + SPARE_MS;
}
