import { Session, type Profiler } from 'node:inspector';

/**
 * Which blocks of code have run, as V8 counts them (the coverage that DevTools shows). Nothing has to be instrumented or installed, and
 * what runs is what was built.
 *
 * V8 reports a function as nested ranges, and leaves out a block that ran as often as what is around it: blocks differ from look to
 * look. What stays is the place in the source, so that is kept: which bytes of which script have run.
 */
export class BlockCoverage {
  readonly #session = new Session();
  /** Of each script: 1 for each place in its source that has run. */
  readonly #covered = new Map<string, Uint8Array>();
  #blocks = 0;

  /** @param isMeasured by URL. Scripts that were loaded before count as whole functions: load what is measured afterwards. */
  constructor(private readonly isMeasured: (url: string) => boolean) {
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Stretches of code that were first run between two looks: about as many as blocks. */
  get blocks(): number {
    return this.#blocks;
  }

  /** @returns how many stretches have run since the last look, or peek, that never had before; they are known from now on */
  look(): number {
    const found = this.#sinceLast(true);
    this.#blocks += found;
    return found;
  }

  /** As `look`, and they are not known afterwards: the next look may find them again. */
  peek(): number {
    return this.#sinceLast(false);
  }

  close(): void {
    this.#post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }

  #sinceLast(isKept: boolean): number {
    const { result } = this.#post('Profiler.takePreciseCoverage') as Profiler.TakePreciseCoverageReturnType;
    let found = 0;
    for (const { url, functions } of result) {
      if (this.isMeasured(url)) found += this.#cover(url, functions, isKept);
    }
    return found;
  }

  /** @param functions those inside another one behind it, and their ranges likewise: the last to name a place is right about it */
  #cover(url: string, functions: readonly Profiler.FunctionCoverage[], isKept: boolean): number {
    const ranges = functions.flatMap((one) => one.ranges);
    const start = Math.min(...ranges.map(({ startOffset }) => startOffset));
    const end = Math.max(...ranges.map(({ endOffset }) => endOffset));
    const ran = new Uint8Array(Math.max(0, end - start));
    for (const { startOffset, endOffset, count } of ranges) {
      ran.fill(count > 0 ? 1 : 0, startOffset - start, endOffset - start);
    }
    const covered = this.#places(url, end);
    let stretches = 0;
    let isNew = false;
    for (let i = 0; i < ran.length; i++) {
      const wasNew = isNew;
      isNew = ran[i] === 1 && covered[start + i] === 0;
      if (isNew && isKept) covered[start + i] = 1;
      if (isNew && !wasNew) stretches++;
    }
    return stretches;
  }

  #places(url: string, end: number): Uint8Array {
    const known = this.#covered.get(url);
    if (known !== undefined && known.length >= end) return known;
    const grown = new Uint8Array(Math.max(end, 64 * 1024));
    if (known !== undefined) grown.set(known);
    this.#covered.set(url, grown);
    return grown;
  }

  /** A session with its own process answers before `post` returns. */
  #post(method: string, parameters?: object): unknown {
    let answer: unknown;
    let problem: Error | null = null;
    this.#session.post(method, parameters, (error, result) => {
      problem = error;
      answer = result;
    });
    if (problem !== null) throw new Error(`${method} failed`, { cause: problem });
    return answer;
  }
}
