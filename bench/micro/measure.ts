import { Bench } from 'tinybench';
import type { MicroCase } from './micro-case.js';

const NS_PER_MS = 1e6;

export interface MicroResult {
  readonly group: string;
  readonly name: string;
  /** Nanoseconds an operation: the median of all runs. */
  readonly nsPerOperation: number;
  /** Half the width of the 95 % confidence interval of the mean, in percent of it. */
  readonly relativeMarginPercent: number;
  readonly runs: number;
}

/**
 * @param timeMs how long it is measured, after a quarter of that for warming up
 * @throws Error when the case does something else than it should
 */
export async function measure(
  { group, name, operations, prepare }: MicroCase,
  timeMs: number,
): Promise<MicroResult> {
  const { run, expected, dispose } = await prepare();
  try {
    const bench = new Bench({ time: timeMs, warmupTime: timeMs / 4, throws: true });
    // Comparing uses the result: what leads to it cannot be left out.
    bench.add(name, () => {
      if (run() !== expected) throw new Error(`${group}, ${name}: the result is not ${expected}`);
    });
    const result = (await bench.run())[0]?.result;
    if (result === undefined || !('latency' in result)) throw new Error(`${group}, ${name}: no result`);
    const { p50, rme, samplesCount } = result.latency;
    return {
      group,
      name,
      nsPerOperation: (p50 * NS_PER_MS) / operations,
      relativeMarginPercent: rme,
      runs: samplesCount,
    };
  } finally {
    await dispose?.();
  }
}
