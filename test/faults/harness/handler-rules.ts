import type { ConversationRecord } from '../app/clients/records.js';
import type { Absence } from './absences.js';
import type { FindingsList } from './findings.js';
import type { JudgedLife, Sighting } from './journals.js';

interface Turn {
  readonly n: number;
  readonly by: JudgedLife;
  readonly fromMs: number;
}

/** Of one client no message is handled before the one before it is done, whichever workers they are with. */
export function judgeTurns(
  { clientId, url }: ConversationRecord,
  seen: readonly Sighting[],
  absences: readonly Absence[],
  findings: FindingsList,
): void {
  const isLost = (life: JudgedLife, fromMs: number, untilMs: number): boolean =>
    absences.some(
      (absence) =>
        absence.isOf(life) &&
        (absence.gatewayUrl === undefined || absence.gatewayUrl === url) &&
        absence.fromMs <= untilMs &&
        (absence.untilMs === undefined || absence.untilMs >= fromMs),
    );
  let turn: Turn | undefined;
  for (const { entry, by } of seen) {
    if (entry[0] === 'done' && turn?.by === by && turn.n === entry[3]) turn = undefined;
    if (entry[0] !== 'start') continue;
    const atMs = entry[1] / 1_000;
    if (turn !== undefined && !isLost(turn.by, turn.fromMs, atMs) && !isLost(by, atMs, atMs)) {
      const what = `${clientId}: ${entry[4]} at ${by.name} while ${turn.n} ran at ${turn.by.name}`;
      findings.add('two handlers at a time', what);
    }
    turn = { n: entry[4], by, fromMs: atMs };
  }
}
