const LONGEST_LOOK_MS = 200;

export async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

/** Begins `action` every `everyMs` until `forMs` have passed, and never before the one before is done. The first one after `everyMs`. */
export async function repeatedly(everyMs: number, forMs: number, action: () => Promise<void>): Promise<void> {
  const startMs = performance.now();
  for (let at = everyMs; at < forMs; at += everyMs) {
    await sleep(startMs + at - performance.now());
    if (performance.now() - startMs >= forMs) return;
    await action();
  }
}

/** Does it so many times, evenly spread over `forMs`, and never before the one before is done. */
export async function spread(times: number, forMs: number, action: () => Promise<void>): Promise<void> {
  const startMs = performance.now();
  for (let time = 0; time < times; time++) {
    await sleep(startMs + ((time + 0.5) * forMs) / times - performance.now());
    await action();
  }
}

/**
 * Looks again and again.
 * @param look gives undefined when it is so, and otherwise what is there instead
 * @throws with what was there last when it takes longer than `patienceMs`
 */
export async function eventually(
  what: string,
  look: () => Promise<unknown>,
  patienceMs = 15_000,
): Promise<void> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found === undefined) return;
    if (performance.now() > endMs) {
      throw new Error(`${what}: not so after ${patienceMs} ms, but ${JSON.stringify(found)}`);
    }
    await sleep(Math.min(LONGEST_LOOK_MS, patienceMs / 20));
  }
}

/** @param share 0.99 for the value that 1 % exceed  @returns 0 for no values at all */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
