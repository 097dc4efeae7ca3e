import { CLOSE, CONNECT, type ClientHistory } from './client-history.js';
import type { UnpairedViolation, Violation } from './violation.js';

/**
 * What of one client is missing.
 *
 * Every message is handled. Of a client that died, or was disconnected, those after the last one that was handled may have gone with it;
 * a gap may not. OnConnect is handled for every client that is there, or of which anything was handled; OnClose for every one that
 * closed after it, and for none that is there.
 */
export function missingHandlings(
  history: ClientHistory,
  timesHandled: ReadonlyMap<number, number>,
): Violation[] {
  const { name: client, sent, end, isConnected } = history;
  const mayLose = end !== undefined && history.expectedEnd !== 'closes';
  const until = mayLose ? lastMessage(timesHandled) : sent;
  const violations: Violation[] = [];
  for (let sequence = 1; sequence <= until; sequence++) {
    if (!timesHandled.has(sequence)) violations.push({ kind: 'lost', client, what: 'handling', sequence });
  }
  const isOnline = isConnected && end === undefined;
  const unpaired = (problem: UnpairedViolation['problem']): unknown =>
    violations.push({ kind: 'unpaired', client, problem });
  if (!timesHandled.has(CONNECT)) {
    if (isOnline || timesHandled.size > 0) unpaired('noConnect');
  } else if (end !== undefined && !mayLose && !timesHandled.has(CLOSE)) unpaired('noClose');
  if (isOnline && timesHandled.has(CLOSE)) unpaired('closedOnline');
  return violations;
}

/**
 * Judges the answers of one client. The first answers come in the order of their numbers; a number is answered at most as often as it
 * was handled; and everything handled is answered, but that a client that is gone misses the last ones.
 */
export function judgeAnswers(history: ClientHistory, timesHandled: ReadonlyMap<number, number>): Violation[] {
  const { name: client, answers, sent, end } = history;
  const violations: Violation[] = [];
  const timesAnswered = new Map<number, number>();
  let highest = 0;
  for (const sequence of answers) {
    const times = (timesAnswered.get(sequence) ?? 0) + 1;
    timesAnswered.set(sequence, times);
    if (sequence > sent) violations.push({ kind: 'invented', client, what: 'answer', sequence });
    else if (times > (timesHandled.get(sequence) ?? 0)) {
      violations.push({ kind: 'duplicate', client, what: 'answer', sequence });
    } else if (times === 1 && sequence < highest) {
      violations.push({ kind: 'reordered', client, what: 'answer', sequence, after: highest });
    }
    highest = Math.max(highest, sequence);
  }
  const until = end === undefined ? sent : Math.min(highest, sent);
  for (let sequence = 1; sequence <= until; sequence++) {
    if (timesHandled.has(sequence) && !timesAnswered.has(sequence)) {
      violations.push({ kind: 'lost', client, what: 'answer', sequence });
    }
  }
  return violations;
}

function lastMessage(timesHandled: ReadonlyMap<number, number>): number {
  let last = 0;
  for (const sequence of timesHandled.keys()) if (sequence !== CLOSE && sequence > last) last = sequence;
  return last;
}
