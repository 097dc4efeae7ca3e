import { CLOSE, CONNECT, type ClientHistory, type RecordedHandling } from './client-history.js';
import type { HandlingKind, Violation } from './violation.js';
import type { WorkerLives } from './worker-lives.js';

/** What was handled of one client, in order, and what is wrong with it. */
export interface HandlingFindings {
  readonly violations: readonly Violation[];
  /** How often each was handled, by anybody. */
  readonly timesHandled: ReadonlyMap<number, number>;
  readonly redelivered: number;
  readonly late: number;
}

/**
 * Judges the handlings of one client:
 *
 * - An unmarked one never comes after a later one of the same client. It is never the second of its number (duplicate).
 * - A marked one repeats what was delivered before, or what was lost with its worker: the first of its number, it needs
 *   a loss before it (wrongMark), and comes in order as an unmarked one does.
 * - A marked repeat comes before anything later is handled elsewhere: between it and the last time that its number was handled, later
 *   numbers were handled by the same worker only. Those came with it, and were lost with it.
 *
 * OnConnect is the first of all, OnClose the last. What a lost worker handles late counts as handled, and is not judged.
 */
export function judgeHandlings(history: ClientHistory, lives: WorkerLives): HandlingFindings {
  const violations: Violation[] = [];
  const timesHandled = new Map<number, number>();
  const inForce: RecordedHandling[] = [];
  const lastPlace = new Map<number, number>();
  let [highest, redelivered, late] = [-1, 0, 0];
  for (const handling of history.handlingsInOrder()) {
    const { sequence, atMs, worker, isMarked } = handling;
    timesHandled.set(sequence, (timesHandled.get(sequence) ?? 0) + 1);
    if (isMarked) redelivered++;
    if (lives.isLate(worker, atMs)) {
      late++;
      continue;
    }
    const before = lastPlace.get(sequence);
    const place = { client: history.name, ...whatIs(sequence) };
    const overtaker = before === undefined ? highest : overtakerOf(inForce, before, handling, lives);
    if (sequence !== CLOSE && sequence > history.sent) {
      violations.push({ client: history.name, kind: 'invented', what: 'message', sequence });
    } else if (before !== undefined && !isMarked) violations.push({ kind: 'duplicate', ...place });
    else if (before === undefined && isMarked && !lives.hadLossBefore(atMs)) {
      violations.push({ kind: 'wrongMark', ...place });
    } else if (overtaker > sequence) {
      violations.push({ kind: 'reordered', ...place, after: overtaker === CLOSE ? 'close' : overtaker });
    }
    lastPlace.set(sequence, inForce.push(handling) - 1);
    highest = Math.max(highest, sequence);
  }
  return { violations, timesHandled, redelivered, late };
}

/** The highest number that was handled since then, but not by the same worker in the same life. */
function overtakerOf(
  inForce: readonly RecordedHandling[],
  before: number,
  repeat: RecordedHandling,
  lives: WorkerLives,
): number {
  const first = inForce[before]!;
  const life = lives.lifeAt(first.worker, first.atMs);
  let highest = -1;
  for (const { sequence, worker, atMs } of inForce.slice(before + 1)) {
    const isWithIt = worker === first.worker && lives.lifeAt(worker, atMs) === life;
    if (!isWithIt && sequence > repeat.sequence) highest = Math.max(highest, sequence);
  }
  return highest;
}

function whatIs(sequence: number): { readonly what: HandlingKind; readonly sequence: number | undefined } {
  if (sequence === CONNECT) return { what: 'connect', sequence: undefined };
  if (sequence === CLOSE) return { what: 'close', sequence: undefined };
  return { what: 'message', sequence };
}
