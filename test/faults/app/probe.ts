/** What any process says of itself. */
export interface ProcessProbe {
  /** What is really held: the collector has run, in the last second. */
  readonly heapBytes: number;
  readonly externalBytes: number;
  /** What keeps the process alive, by kind. */
  readonly handles: Readonly<Record<string, number>>;
}

export const PROBE_LINE = 'probe ';

/** Not each time: whoever asks again and again should not be why the process is slow. */
const COLLECT_EVERY_MS = 1_000;

let collectedAtMs = Number.NEGATIVE_INFINITY;

/** On each SIGUSR2 the process writes a line about itself. @param ofItsOwn what this kind of process has to add */
export function answerProbes(ofItsOwn: () => object): void {
  process.on('SIGUSR2', () => {
    const probe = { ...processProbe(), ...ofItsOwn() };
    process.stdout.write(`${PROBE_LINE}${JSON.stringify(probe)}\n`);
  });
}

function processProbe(): ProcessProbe {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  const handles: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
  return { heapBytes: heapUsed, externalBytes: external, handles };
}

function collect(): void {
  const nowMs = performance.now();
  if (nowMs - collectedAtMs < COLLECT_EVERY_MS) return;
  collectedAtMs = nowMs;
  globalThis.gc?.();
}
