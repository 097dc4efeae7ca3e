import { openSync, readSync } from 'node:fs';

const text = Buffer.alloc(64);
const file = opened();

/**
 * How long the main thread has run so far, in milliseconds. Where the system does not tell, the time of day: then what other
 * processes took is counted, too.
 */
export function threadMs(): number {
  if (file === undefined) return performance.now();
  const length = readSync(file, text, 0, text.length, 0);
  return Number.parseInt(text.toString('latin1', 0, length), 10) / 1e6;
}

function opened(): number | undefined {
  try {
    // Linux: nanoseconds on a processor, nanoseconds in its queue, number of slices.
    return openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  } catch {
    return undefined;
  }
}
