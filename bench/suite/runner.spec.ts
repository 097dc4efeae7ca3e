import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Processes } from './processes.js';
import type { Run } from './results.js';
import { runScenario, type RunnerSetup } from './runner.js';
import { SCENARIOS, type Scenario } from './scenarios.js';
import { TARGETS, type Target } from './targets.js';
import { buildParts } from './test/build-parts.js';

const ECHO: Scenario = {
  ...SCENARIOS[0]!,
  name: 'a few echoes',
  load: { mode: 'echo', connections: 4, inFlight: 2, bytes: 64 },
};

describe('a run of a scenario', () => {
  let folder: string;
  let processes: Processes;

  beforeAll(async () => {
    folder = await buildParts();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeEach(() => {
    processes = new Processes();
  });
  afterEach(async () => processes.close());

  function setup(told: Run[] = []): RunnerSetup {
    const built = join(folder, 'dist');
    return {
      processes,
      generators: { own: join(built, 'bench/generator/main.js'), wsload: undefined },
      launch: { built, reference: undefined },
      repetitions: 2,
      seconds: 0.2,
      onRun: (run) => told.push(run),
    };
  }

  /** Counts how often a target is started, and keeps the processes that it was. */
  function watched(target: Target): { target: Target; pids: number[] } {
    const pids: number[] = [];
    const start: Target['start'] = async (launch) => {
      const running = await target.start(launch);
      pids.push(...running.servers.map(({ pid }) => pid));
      return running;
    };
    return { target: { ...target, start }, pids };
  }

  it('measures a server with the generator, repeatedly, and ends it', async () => {
    const { target, pids } = watched(TARGETS['plain-ws']);
    const told: Run[] = [];
    const runs = await runScenario(ECHO, [target], setup(told));
    expect(runs.map(({ error }) => error)).toEqual([undefined, undefined]);
    expect(runs.map(({ repetition }) => repetition)).toEqual([1, 2]);
    for (const { figures, generator, args } of runs) {
      expect(generator).toBe('own');
      expect(args).toContain(String(pids[0]));
      expect(figures).toMatchObject({ conns: 4, lost: 0, duplicates: 0, out_of_order: 0 });
      for (const { field } of ECHO.metrics) expect(figures[field], field).toBeGreaterThan(0);
    }
    expect(told).toEqual(runs);
    expect(pids).toHaveLength(1);
    expect(() => process.kill(pids[0]!, 0)).toThrow('ESRCH');
  });

  it('takes a new server for each run where the scenario asks for it', async () => {
    const { target, pids } = watched(TARGETS['plain-ws']);
    await runScenario({ ...ECHO, isFresh: true }, [target], setup());
    expect(new Set(pids).size).toBe(2);
  });

  it('goes on with the others when a target does not start, and tells why', async () => {
    // Its script is not among what was built here.
    const runs = await runScenario(ECHO, [TARGETS['platform-ws'], TARGETS['plain-ws']], setup());
    expect(runs.map(({ target, repetition }) => [target, repetition])).toEqual([
      ['platform-ws', 1],
      ['plain-ws', 1],
      ['platform-ws', 2],
      ['plain-ws', 2],
    ]);
    expect(runs[0]!.error).toContain('Cannot find module');
    expect(runs[0]!.figures).toEqual({});
    expect(runs[1]!.error).toBeUndefined();
  });

  it('is over when the processes are being ended', async () => {
    await processes.close();
    await expect(runScenario(ECHO, [TARGETS['plain-ws']], setup())).rejects.toThrow('is not started');
  });
});
