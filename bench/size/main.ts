import { cpus } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { parseSizeOptions } from './options.js';
import { runSize } from './run-size.js';
import { reportText } from './report-text.js';

/** No operation may keep everybody waiting for longer. */
const MOST_MS = 20;

// Marking a little at a time is work of the garbage collector that it tells nobody of: done at once, it is in the pauses that it reports.
// They are longer here than a gateway's for that.
setFlagsFromString('--no-incremental-marking');
const options = parseSizeOptions(process.argv.slice(2));
const report = await runSize({
  connections: options.connections,
  groups: options.groups,
  members: options.members,
});
if (options.isJson) {
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
  process.stdout.write(`${JSON.stringify({ ...report, machine }, undefined, 2)}\n`);
} else process.stdout.write(reportText(report));
const slow = report.operations.filter(({ longestStopMs }) => longestStopMs > MOST_MS);
for (const { name, longestStopMs } of slow)
  process.stderr.write(`"${name}" stopped the event loop for ${longestStopMs.toFixed(1)} ms\n`);
if (slow.length > 0) process.exitCode = 1;
