import {
  Checker,
  describeViolations,
  type CheckerCounts,
  type Listing,
  type Violation,
} from '../../../libs/testing/src/index.js';
import type { ConversationRecord } from '../app/clients/records.js';
import { disjoint, type Absence } from './absences.js';
import { judgeAnswers } from './answer-rules.js';
import { FindingsList, type Findings } from './findings.js';
import { judgeTurns } from './handler-rules.js';
import { sightingsByClient, type JudgedLife, type Sighting } from './journals.js';

export type { JudgedLife } from './journals.js';

/** Everything that is known of a run when all of its processes have ended. */
export interface Evidence {
  readonly lives: readonly JudgedLife[];
  readonly conversations: readonly ConversationRecord[];
  /** When workers were lost otherwise than by being killed. */
  readonly absences?: readonly Absence[];
  /** A time at which nobody came or went, and who was where. */
  readonly stay?: Stay;
  /** Who was where when all had gone. */
  readonly left?: Listing;
  /** These were cut off by what the scenario did to their gateway, so that what was under way is gone with it. */
  readonly isCutOff?: (conversation: ConversationRecord) => boolean;
}

/** What was seen of all clients until then, and where the cluster said that they are. */
export interface Stay {
  readonly conversations: readonly ConversationRecord[];
  readonly listing: Listing;
}

export interface Judgement {
  /** What was not as promised: empty when all promises were kept. */
  readonly findings: Findings;
  readonly counts: CheckerCounts;
}

/** Holds what clients and handlers saw against what is promised. */
export function judged(evidence: Evidence): Judgement {
  const { lives, conversations, stay, isCutOff = () => false } = evidence;
  const findings = new FindingsList();
  const checker = new Checker();
  const absences = absencesOf(evidence);
  const urls = new Set(conversations.map(({ url }) => url));
  tellAbsences(checker, absences, lives, urls);
  const sightings = sightingsByClient(lives);
  for (const conversation of conversations) {
    tellConversation(checker, conversation, isCutOff(conversation));
    judgeAnswers(conversation, isCutOff(conversation), findings);
    const seen = sightings.get(conversation.clientId) ?? [];
    for (const sighting of seen) tellSighting(checker, sighting, conversation);
    judgeTurns(conversation, seen, absences, findings);
  }
  // When all are gone nobody may be anywhere.
  checker.listed(evidence.left ?? { groups: {}, uids: {} });
  const violations = [...checker.verdict(), ...(stay === undefined ? [] : judgedStay(stay, lives))];
  for (const violation of violations) {
    const { kind } = violation;
    findings.add('what' in violation ? `${violation.what} ${kind}` : kind, describeViolations([violation]));
  }
  return { findings: findings.all, counts: checker.counts };
}

/** Whether the cluster said of those who were there at that time that they were where their handlers had put them. */
function judgedStay({ conversations, listing }: Stay, lives: readonly JudgedLife[]): Violation[] {
  const checker = new Checker();
  const sightings = sightingsByClient(lives);
  for (const conversation of conversations) {
    tellConversation(checker, conversation, true);
    for (const sighting of sightings.get(conversation.clientId) ?? []) {
      tellSighting(checker, sighting, conversation);
    }
  }
  checker.listed(listing);
  return checker.verdict().filter(({ kind }) => kind === 'membership');
}

function absencesOf({ lives, absences = [] }: Evidence): Absence[] {
  const killed = lives.flatMap((life) =>
    life.killedAtMs === undefined
      ? []
      : [{ isOf: (other: JudgedLife) => other === life, fromMs: life.killedAtMs }],
  );
  return [...killed, ...absences];
}

/** A worker is another one to each gateway: to one it may be lost, and to the others not. */
function nameOf(life: JudgedLife, gatewayUrl: string): string {
  return `${life.name} of ${gatewayUrl}`;
}

/** Tells of each worker when it was lost to each gateway. */
function tellAbsences(
  checker: Checker,
  absences: readonly Absence[],
  lives: readonly JudgedLife[],
  urls: ReadonlySet<string>,
): void {
  for (const life of lives) {
    for (const url of urls) {
      const ofBoth = absences.filter(
        ({ isOf, gatewayUrl }) => isOf(life) && (gatewayUrl === undefined || gatewayUrl === url),
      );
      for (const { fromMs, untilMs } of disjoint(ofBoth)) {
        checker.workerLost(nameOf(life, url), fromMs);
        if (untilMs !== undefined) checker.workerBack(nameOf(life, url), untilMs);
      }
    }
  }
}

function tellConversation(
  checker: Checker,
  { client, clientId, sent, answers, ending }: ConversationRecord,
  isCutOff: boolean,
): void {
  if (clientId === '') {
    // Turned away before a worker knew it: nothing was promised to it but that it is not turned away.
    if (ending !== undefined && !isCutOff)
      checker.disconnected(`client ${client}, not welcomed yet,`, ending.code);
    return;
  }
  checker.connected(clientId);
  for (let n = 1; n <= sent; n++) checker.sent(clientId);
  for (const [n] of answers) checker.answered(clientId, n);
  if (ending === undefined) return;
  if (isCutOff) checker.expectEnd(clientId, 'dies');
  else if (ending.isOwn) checker.expectEnd(clientId, 'closes');
  checker.disconnected(clientId, ending.code);
}

function tellSighting(checker: Checker, { entry, by }: Sighting, { url }: ConversationRecord): void {
  const [kind, atUs, clientId] = entry;
  const moment = { worker: nameOf(by, url), atMs: atUs / 1_000 };
  switch (kind) {
    case 'open':
    case 'close':
      checker.handled(clientId, {
        ...moment,
        kind: kind === 'open' ? 'connect' : 'close',
        isRedelivered: entry[3],
      });
      break;
    case 'start':
      checker.handled(clientId, { ...moment, kind: 'message', sequence: entry[4], isRedelivered: entry[3] });
      break;
    case 'enter':
      checker.bound(clientId, entry[3], moment);
      for (const group of entry[4]) checker.joined(clientId, group, moment);
      break;
    case 'done':
    case 'gatewayLost':
      break;
  }
}
