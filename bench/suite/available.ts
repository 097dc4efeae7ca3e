import type { SuiteOptions } from './options.js';
import { ProgramMissingError, type Processes } from './processes.js';
import { TARGETS, type TargetName } from './targets.js';

const PROBE_TIMEOUT_MS = 10_000;

export interface Available {
  readonly names: readonly TargetName[];
  /** What cannot be measured here, and what to do about it. */
  readonly leftOut: readonly string[];
}

/** Which of the targets that are wanted can be measured on this machine. */
export async function availableTargets(
  { peers, reference }: Pick<SuiteOptions, 'peers' | 'reference'>,
  processes: Processes,
): Promise<Available> {
  const missing = new Map<TargetName, string>();
  if (reference === undefined) missing.set('reference', 'give its binary with --reference PATH');
  if (peers.includes('socket.io') && !(await hasProgram('redis-server', processes))) {
    missing.set('socket.io', 'redis-server is not installed, apt-get install redis-server');
  }
  return {
    names: peers.filter((name) => !missing.has(name)),
    leftOut: [...missing]
      .filter(([name]) => peers.includes(name))
      .map(([name, reason]) => `${TARGETS[name].label} (${reason})`),
  };
}

async function hasProgram(program: string, processes: Processes): Promise<boolean> {
  try {
    await processes.run({ program, args: ['--version'] }, PROBE_TIMEOUT_MS);
    return true;
  } catch (error) {
    if (error instanceof ProgramMissingError) return false;
    throw error;
  }
}
