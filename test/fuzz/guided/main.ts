import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect, parseArgs } from 'node:util';
import type { FuzzTarget } from '../contract.js';
import { BlockCoverage } from './block-coverage.js';
import { failureOf, fuzz } from './run.js';
import { InputStore } from './store.js';

const USAGE = `npm run fuzz -- <target | all> [seconds, each; 60] [--seed <number>] [--folder <corpus and findings>]
npm run fuzz -- <target> --replay <file, or hex>`;

// Before the parsers are loaded: V8 counts blocks only of what it compiles from now on.
const coverage = new BlockCoverage((url) => /\/libs\/[^/]+\/src\//.test(url));
const { TARGETS, targetNamed } = await import('../targets/index.js');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, folder: { type: 'string' }, replay: { type: 'string' } },
});
const [name = '', seconds = '60'] = positionals;
const chosen = name === 'all' ? TARGETS : [targetNamed(name)].filter((target) => target !== undefined);
const durationMs = Number(seconds) * 1000;
const seed = Number(values.seed ?? Date.now() % 2 ** 32);

if (chosen.length === 0 || !(durationMs > 0) || !Number.isInteger(seed)) {
  say(`${USAGE}\nTargets: ${TARGETS.map((target) => target.name).join(', ')}`);
  process.exitCode = 2;
} else if (values.replay === undefined) {
  for (const target of chosen) run(target);
} else for (const target of chosen) replay(target, values.replay);

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function run(target: FuzzTarget): void {
  const folder = values.folder ?? join(tmpdir(), 'nestwire-fuzz');
  const store = new InputStore(folder, target.name);
  const before = coverage.blocks;
  const start = performance.now();
  const { started, ended, finding } = fuzz({
    target,
    coverage,
    seed,
    inputs: store,
    isOver: () => performance.now() - start > durationMs,
  });
  const tookS = (performance.now() - start) / 1000;
  say(
    `${target.name}: seed ${seed}, ${ended.inputs} inputs in ${tookS.toFixed(1)} s; blocks: ${started.blocks - before} by ` +
      `what was known, ${ended.blocks - started.blocks} more by changing it; ${ended.corpus} inputs kept`,
  );
  if (finding === undefined) return;
  process.exitCode = 1;
  const file = store.found(finding.input);
  say(`FOUND by ${finding.input.length} bytes: ${finding.input.toString('hex')}`);
  say(inspect(finding.error));
  say(`Replay: npm run fuzz -- ${target.name} --replay ${file}`);
}

function replay(target: FuzzTarget, what: string): void {
  const isHex = /^(?:[\da-f]{2})+$/i.test(what);
  const failure = failureOf(target, isHex ? Buffer.from(what, 'hex') : readFileSync(what));
  say(failure === undefined ? `${target.name} keeps its contract for this input` : inspect(failure));
  if (failure !== undefined) process.exitCode = 1;
}
