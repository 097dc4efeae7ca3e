import type { ConversationRecord } from '../app/clients/records.js';
import type { FindingsList } from './findings.js';

/**
 * What answers tell beyond their order: that nothing comes again without the mark, that none is missing at the end, and that each handler found the session as the one before it had
 * left it, which shows that no late command of a worker that was given up took effect.
 */
export function judgeAnswers(
  { client, url, sent, answers }: ConversationRecord,
  isCutOff: boolean,
  findings: FindingsList,
): void {
  let highest = 0;
  let previous = 0;
  for (const [n, redelivered, counter, worker] of answers) {
    const what = `client ${client} at ${url}: ${n}${redelivered ? ' (marked)' : ''} of ${worker} after ${previous}, the highest before ${highest}`;
    if (n > highest + 1) findings.add('answer skipped', what);
    if (n <= highest && !redelivered) findings.add('answer again without mark', what);
    if (!isAsLeft(counter, previous, redelivered)) {
      findings.add('session not as left', `${what}, found ${counter} in the session`);
    }
    previous = n;
    highest = Math.max(highest, n);
  }
  // Clients wait for their last answers before they go.
  if (highest < sent && !isCutOff) {
    findings.add('last answers missing', `client ${client} at ${url}: ${highest} of ${sent} are answered`);
  }
}

/** A worker that died in the midst of it may have written the session, and not have answered. */
function isAsLeft(counter: number, previous: number, redelivered: boolean): boolean {
  return counter === previous || (redelivered && counter === previous + 1);
}
