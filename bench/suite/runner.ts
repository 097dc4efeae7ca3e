import { generate, generatorFor, type Generators } from './generator.js';
import { generatorArgs } from './generator-args.js';
import type { Processes } from './processes.js';
import type { Run } from './results.js';
import { secondsOf, type Scenario } from './scenarios.js';
import type { Launch, RunningTarget, Target } from './targets.js';

export interface RunnerSetup {
  readonly processes: Processes;
  readonly generators: Generators;
  readonly launch: Omit<Launch, 'processes' | 'handlers'>;
  readonly repetitions: number;
  /** That a run of a scenario with a target measures. */
  readonly seconds: number;
  /** Told of each run as soon as it is over. */
  readonly onRun: (run: Run) => void;
}

/**
 * Runs a scenario against its targets in turn, `repetitions` times. Targets are started for the scenario and ended after
 * it, so that none carries what an earlier one has left; a fresh one for each run where the scenario says so.
 */
export async function runScenario(
  scenario: Scenario,
  targets: readonly Target[],
  setup: RunnerSetup,
): Promise<Run[]> {
  const runs: Run[] = [];
  const running = new Map<Target, RunningTarget>();
  try {
    for (let repetition = 1; repetition <= setup.repetitions; repetition++) {
      for (const target of targets) {
        const run = await measure(scenario, target, repetition, running, setup);
        runs.push(run);
        setup.onRun(run);
        const served = running.get(target);
        if (served === undefined || (scenario.isFresh !== true && isAlive(served))) continue;
        running.delete(target);
        await stop(served, setup);
      }
    }
  } finally {
    for (const served of running.values()) await stop(served, setup);
  }
  return runs;
}

async function measure(
  scenario: Scenario,
  target: Target,
  repetition: number,
  running: Map<Target, RunningTarget>,
  { processes, generators, launch, seconds: asked }: RunnerSetup,
): Promise<Run> {
  const seconds = secondsOf(scenario, asked);
  const dialect = scenario.dialects?.[target.name] ?? target.dialect;
  const about = { scenario: scenario.name, target: target.name, repetition };
  let args: readonly string[] = [];
  try {
    const { handlers } = scenario;
    const served = running.get(target) ?? (await target.start({ ...launch, processes, handlers }));
    running.set(target, served);
    const pids = served.servers.map(({ pid }) => pid);
    args = generatorArgs(scenario.load, dialect, { port: served.port, pids, seconds });
    return { ...about, args, ...(await generate(processes, generators, args, seconds)) };
  } catch (error) {
    if (processes.isClosing) throw error;
    // The others go on: one failure must not cost the figures of an hour.
    const generator = generatorFor(args, generators);
    return {
      ...about,
      args,
      generator,
      figures: {},
      error: problemText(error as Error, running.get(target)),
    };
  }
}

/** With the last words of the servers that are no longer there. */
function problemText({ message }: Error, served: RunningTarget | undefined): string {
  const ended = served?.servers.filter(({ isRunning }) => !isRunning) ?? [];
  return [message, ...ended.map(({ lastWords }) => lastWords)].join('\n');
}

async function stop({ servers }: RunningTarget, { processes }: RunnerSetup): Promise<void> {
  await Promise.all(servers.map(async (server) => processes.stop(server)));
}

function isAlive({ servers }: RunningTarget): boolean {
  return servers.every(({ isRunning }) => isRunning);
}
