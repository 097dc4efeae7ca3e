import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { plot } from './plot.js';
import { withResults } from './readme.js';
import { report } from './report.js';
import { readResults } from './results.js';

/**
 * Puts results into bench/README.md, and draws their plot. Run in the package's folder.
 *
 *     npm run bench:report [-- --from bench/results/<date>.json]
 *
 * With `--from`, these results become the latest, which are kept in the repository.
 */
const LATEST = 'bench/results/latest.json';
const PLOT = 'bench/results/latest.svg';
const README = 'bench/README.md';

const { from = LATEST } = parseArgs({ options: { from: { type: 'string' } } }).values;
const results = readResults(from);
mkdirSync(dirname(LATEST), { recursive: true });
await writeFormatted(LATEST, JSON.stringify(results));
writeFileSync(PLOT, plot(results));
await writeFormatted(README, withResults(readFileSync(README, 'utf8'), report(results)));

/** As the repository's check of its format wants it. */
async function writeFormatted(file: string, text: string): Promise<void> {
  const config = await resolveConfig(file);
  writeFileSync(file, await format(text, { ...config, filepath: file }));
}
