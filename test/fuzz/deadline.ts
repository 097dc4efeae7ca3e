import { Script } from 'node:vm';

const RUN = Symbol.for('nestwire fuzz run');
const script = new Script('globalThis[Symbol.for("nestwire fuzz run")]()');

/**
 * Runs something that may never end. A parser is synchronous: no timer of ours could fire while it loops.
 * @throws an error with the code ERR_SCRIPT_EXECUTION_TIMEOUT when it takes longer, and what `run` throws
 */
export function withDeadline(deadlineMs: number, run: () => void): void {
  const globals = globalThis as Record<symbol, unknown>;
  globals[RUN] = run;
  try {
    script.runInThisContext({ timeout: deadlineMs, displayErrors: false });
  } finally {
    globals[RUN] = undefined;
  }
}
