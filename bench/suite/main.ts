import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NestwireError } from '#protocol';
import { commandText } from './command.js';
import { formatFigure } from './figures.js';
import { commitOf, describeMachine, installedVersions } from './machine.js';
import { parseSuiteOptions, type SuiteOptions } from './options.js';
import { OTHER_PARTS, runPart, type OtherPart } from './parts.js';
import { Processes } from './processes.js';
import { report } from './report.js';
import { FORMAT, type PartOutcome, type Run, type SuiteResults } from './results.js';
import { runScenario } from './runner.js';
import { SCENARIOS, type Scenario } from './scenarios.js';
import { availableTargets } from './available.js';
import { TARGETS, type TargetName } from './targets.js';

/** The benchmark suite: see bench/README.md. */
const BUILT = fileURLToPath(new URL('../..', import.meta.url));
const ROOT = dirname(BUILT);

async function main(args: readonly string[]): Promise<void> {
  const options = parseSuiteOptions(args);
  const scenarios = chosen(options);
  const processes = new Processes();
  endWithUs(processes);
  try {
    await runSuite(options, scenarios, processes, args);
  } finally {
    await processes.close();
  }
}

async function runSuite(
  options: SuiteOptions,
  scenarios: readonly Scenario[],
  processes: Processes,
  args: readonly string[],
): Promise<void> {
  const { names, leftOut } = await availableTargets(options, processes);
  for (const reason of leftOut) say(`Left out: ${reason}.`);
  const runs: Run[] = [];
  const parts: Partial<Record<OtherPart, PartOutcome>> = {};
  const startedAt = new Date().toISOString();
  const results = (): SuiteResults => ({
    format: FORMAT,
    startedAt,
    endedAt: new Date().toISOString(),
    commit: commitOf(ROOT),
    command: commandText(args),
    machine: describeMachine(),
    versions: installedVersions(ROOT),
    seconds: options.seconds,
    repetitions: options.runs,
    leftOut,
    runs,
    parts,
  });
  for (const scenario of scenarios) {
    runs.push(...(await runLoad(scenario, names, options, processes)));
    // An hour's figures are not to be lost with the last of them.
    write(options.out, results());
  }
  for (const part of OTHER_PARTS) {
    if (!options.parts.includes(part)) continue;
    say(`${part} …`);
    parts[part] = await runPart(part, BUILT, processes);
  }
  const file = write(options.out, results());
  process.stdout.write(`${report(results())}\nRaw figures: ${file}\n`);
  const outcomes = [...runs, ...Object.values(parts)];
  if (outcomes.some(({ error }) => error !== undefined)) process.exitCode = 1;
}

async function runLoad(
  scenario: Scenario,
  names: readonly TargetName[],
  { generator, reference, runs, seconds }: SuiteOptions,
  processes: Processes,
): Promise<Run[]> {
  const targets = scenario.targets.filter((name) => names.includes(name)).map((name) => TARGETS[name]);
  return runScenario(scenario, targets, {
    processes,
    generators: { own: join(BUILT, 'bench/generator/main.js'), wsload: generator },
    launch: { built: BUILT, reference },
    repetitions: runs,
    seconds,
    onRun: (run) => say(progress(run, scenario, runs)),
  });
}

function chosen({ parts, only }: SuiteOptions): readonly Scenario[] {
  if (!parts.includes('load')) return [];
  const scenarios = SCENARIOS.filter(
    ({ name }) => only.length === 0 || only.some((part) => name.includes(part)),
  );
  if (scenarios.length > 0) return scenarios;
  const names = SCENARIOS.map(({ name }) => `  ${name}`).join('\n');
  throw new Error(`No scenario's name contains "${only.join('" or "')}". There are:\n${names}`);
}

/** No server and no generator outlives us, however we end. */
function endWithUs(processes: Processes): void {
  process.on('exit', () => processes.killAll());
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      say(`${signal}: ending what runs`);
      void processes.close().finally(() => process.exit(1));
    });
  }
}

function progress(
  { target, repetition, figures, error }: Run,
  { name, metrics }: Scenario,
  runs: number,
): string {
  const told = metrics.map(({ field, label, unit }) => {
    const value = figures[field];
    return `${label} ${formatFigure(typeof value === 'number' ? value : undefined, unit)}`;
  });
  const outcome = error === undefined ? told.join(', ') : `failed: ${error}`;
  return `${name} · ${TARGETS[target].label} · ${repetition}/${runs}: ${outcome}`;
}

/** @returns the file */
function write(folder: string, results: SuiteResults): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${results.startedAt.slice(0, 19).replaceAll(':', '-')}.json`);
  writeFileSync(file, `${JSON.stringify(results, undefined, 2)}\n`);
  return file;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  say(error instanceof NestwireError ? error.message : ((error as Error).stack ?? String(error)));
  process.exitCode = 1;
}
