import type { Figures } from './figures/report.js';
import { churn } from './modes/churn.js';
import { echo } from './modes/echo.js';
import { fairness } from './modes/fairness.js';
import { fanout } from './modes/fanout.js';
import { idle } from './modes/idle.js';
import type { LoadOptions } from './options.js';
import { Run } from './run.js';

export interface LoadEvents {
  /** Idle: this many connections are open, and stay silent now. */
  ready?(open: number): void;
  /** The figures are there; connections are closed next. */
  measured?(text: string): void;
  /** Ends the run early, with the figures so far. */
  readonly interrupted?: AbortSignal;
}

export interface LoadResult {
  readonly figures: Figures;
  /** False when some connection could not be opened, or nothing was measured. */
  readonly isComplete: boolean;
}

/** One run, from the first connection to the last goodbye. */
export async function load(options: LoadOptions, events: LoadEvents = {}): Promise<LoadResult> {
  const run = new Run(options, events.interrupted);
  const { report } = run;
  report.add('mode', options.mode);
  report.add('transport', options.binary ? 'ws-binary' : 'ws-text');
  if (options.mode === 'fanout' || options.mode === 'fairness') report.add('subs', options.subs);
  if (options.mode !== 'fanout') report.add('conns', options.conns);
  try {
    const isComplete = await runMode(run, events);
    report.connections(run.counts);
    events.measured?.(report.print(options.json));
    return { figures: report.figures, isComplete };
  } finally {
    await run.close();
  }
}

async function runMode(run: Run, events: LoadEvents): Promise<boolean> {
  switch (run.options.mode) {
    case 'echo':
      return echo(run);
    case 'fanout':
      return fanout(run);
    case 'idle':
      return idle(run, (open) => events.ready?.(open));
    case 'churn':
      return churn(run);
    case 'fairness':
      return fairness(run);
  }
}
