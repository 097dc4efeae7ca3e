import { onTestFinished } from 'vitest';
import type { Figures } from '../figures/report.js';
import { load } from '../load.js';
import { parseOptions } from '../parse-options.js';
import { startServer, type RunningServer, type ServerSetup } from './servers.js';

export interface Loaded {
  readonly server: RunningServer;
  readonly figures: Figures;
  readonly isComplete: boolean;
}

const QUICK: Readonly<Record<string, readonly string[]>> = {
  idle: ['--hold', '0.05', '--settle', '0.02'],
  churn: ['--seconds', '0.2', '--warmup', '0'],
};
const QUICK_RUN = ['--seconds', '0.2', '--warmup', '0', '--settle', '0', '--drain', '0.15'];

/** Runs the generator, as its command line would, against a server of its own. */
export async function runLoad(setup: ServerSetup, mode: string, ...args: string[]): Promise<Loaded> {
  const server = await startServer(setup);
  onTestFinished(() => server.close());
  const options = parseOptions([mode, '--port', String(server.port), ...(QUICK[mode] ?? QUICK_RUN), ...args]);
  return { server, ...(await load(options)) };
}
