import { InvalidOptionError } from '#protocol';
import { CASES } from './cases/index.js';
import { measure, type MicroResult } from './measure.js';
import type { MicroCase } from './micro-case.js';
import { parseMicroOptions, type MicroOptions } from './options.js';
import { formatResults } from './table.js';

const USAGE = 2;

process.exitCode = await main(process.argv.slice(2));

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseMicroOptions(args);
    const results = await measureAll(chosen(options), options.timeMs);
    process.stdout.write(
      options.json ? `${JSON.stringify({ unit: 'ns/op', results })}\n` : formatResults(results),
    );
    return 0;
  } catch (error) {
    if (!(error instanceof InvalidOptionError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return USAGE;
  }
}

/** One after another: together they would measure each other. */
async function measureAll(cases: readonly MicroCase[], timeMs: number): Promise<MicroResult[]> {
  const results: MicroResult[] = [];
  for (const one of cases) results.push(await measure(one, timeMs));
  return results;
}

function chosen({ only }: MicroOptions): readonly MicroCase[] {
  if (only.length === 0) return CASES;
  const found = CASES.filter(({ group, name }) =>
    only.some((text) => `${group}, ${name}`.toLowerCase().includes(text.toLowerCase())),
  );
  if (found.length > 0) return found;
  const groups = [...new Set(CASES.map(({ group }) => group))].join(', ');
  throw new InvalidOptionError('only', `finds nothing. There are: ${groups}.`);
}
