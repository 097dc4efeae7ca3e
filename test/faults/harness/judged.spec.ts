import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer, ConversationRecord } from '../app/clients/records.js';
import type { JournalEntry } from '../app/worker/journal.js';
import type { Absence } from './absences.js';
import { judged, type Evidence, type JudgedLife } from './judged.js';

const URL = 'ws://127.0.0.1:1';
const ID = 'f00000000001000000ab';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'nestwire-'))));
afterAll(() => rmSync(folder, { recursive: true }));

function life(name: string, entries: readonly JournalEntry[], killedAtMs?: number): JudgedLife {
  const journal = join(folder, `${name}-${entries.length}-${Math.random()}`);
  writeFileSync(journal, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  return { name, journal, killedAtMs };
}

/** A handler that ran from one millisecond on and was done within it. */
function run(n: number, atMs: number, { redelivered = false } = {}): JournalEntry[] {
  return [
    ['start', atMs * 1_000, ID, redelivered, n, n - 1],
    ['done', atMs * 1_000 + 500, ID, n],
  ];
}

function open(atMs = 1): JournalEntry {
  return ['open', atMs * 1_000, ID, false];
}

function close(atMs = 900): JournalEntry {
  return ['close', atMs * 1_000, ID, false];
}

function answers(...of: readonly [n: number, counter: number, redelivered?: boolean][]): Answer[] {
  return of.map(([n, counter, redelivered = false]) => [n, redelivered, counter, 'a', 0, 0]);
}

function conversation(given: Partial<ConversationRecord> = {}): ConversationRecord {
  return {
    client: 1,
    url: URL,
    clientId: ID,
    openedUs: 0,
    sent: 2,
    answers: answers([1, 0], [2, 1]),
    news: { count: 0, breaks: 0, latenciesMs: [] },
    ending: { code: 1000, atUs: 0, isOwn: true },
    ...given,
  };
}

function kinds(given: Partial<Evidence>): string[] {
  const lives = [life('a', [open(), ...run(1, 2), ...run(2, 4), close()])];
  const evidence: Evidence = { lives, conversations: [conversation()], ...given };
  return Object.keys(judged(evidence).findings).toSorted();
}

describe('the judgement', () => {
  it('has nothing to say where everything was as promised', () => {
    expect(kinds({})).toEqual([]);
  });

  it('finds what was not handled, and what was not answered', () => {
    const lives = [life('a', [open(), ...run(1, 2), close()])];
    expect(kinds({ lives, conversations: [conversation({ answers: answers([1, 0]) })] })).toEqual([
      'handling lost',
      'last answers missing',
    ]);
    expect(kinds({ conversations: [conversation({ answers: answers([1, 0]) })] })).toEqual([
      'last answers missing',
    ]);
    expect(kinds({ conversations: [conversation({ answers: answers([2, 0]) })] })).toEqual([
      'answer lost',
      'answer skipped',
    ]);
  });

  it('finds a client that was disconnected', () => {
    const ending = { code: 1013, atUs: 0, isOwn: false };
    expect(kinds({ conversations: [conversation({ ending })] })).toEqual(['disconnected']);
    expect(kinds({ conversations: [conversation({ ending })], isCutOff: () => true })).toEqual([]);
  });

  it('finds what came again without the mark, at the handlers and at the client', () => {
    const lives = [life('a', [open(), ...run(1, 2)], 3), life('b', [...run(1, 4), ...run(2, 6), close()])];
    expect(kinds({ lives })).toEqual(['message duplicate']);
    const twice = [conversation({ answers: answers([1, 0], [1, 1], [2, 1]) })];
    expect(kinds({ lives, conversations: twice })).toEqual([
      'answer again without mark',
      'message duplicate',
    ]);
  });

  it('takes what came again with the mark after its worker was killed', () => {
    const lives = [
      life('a', [open(), ...run(1, 2)], 3),
      life('b', [...run(1, 4, { redelivered: true }), ...run(2, 6), close()]),
    ];
    const twice = [conversation({ answers: answers([1, 0], [1, 1, true], [2, 1]) })];
    expect(kinds({ lives, conversations: twice })).toEqual([]);
  });

  it('finds a session that is not as the handler before has left it', () => {
    expect(kinds({ conversations: [conversation({ answers: answers([1, 0], [2, 0]) })] })).toEqual([
      'session not as left',
    ]);
    // Its first worker wrote it and died before it answered.
    const marked = answers([1, 0], [2, 2, true]);
    expect(kinds({ conversations: [conversation({ answers: marked })] })).toEqual([]);
  });

  it('finds two handlers of one client that ran at the same time', () => {
    const [start, done] = run(1, 2);
    const lives = [life('a', [open(), start!, ['done', 9_000, ID, 1]]), life('b', [...run(2, 5), close()])];
    expect(done![0]).toBe('done');
    expect(kinds({ lives })).toEqual(['two handlers at a time']);
    const absence: Absence = { isOf: ({ name }) => name === 'a', gatewayUrl: URL, fromMs: 1.5, untilMs: 20 };
    expect(kinds({ lives, absences: [absence] })).toEqual([]);
    expect(kinds({ lives, absences: [{ ...absence, gatewayUrl: 'ws://127.0.0.1:2' }] })).toEqual([
      'two handlers at a time',
    ]);
  });

  it('takes a worker that is lost again before it is back for one that was lost all the time', () => {
    const lives = [
      life('a', [open(), ...run(1, 7)]),
      life('b', [...run(1, 4, { redelivered: true }), ...run(2, 6), close()]),
    ];
    const absence: Absence = { isOf: ({ name }) => name === 'a', fromMs: 1.5, untilMs: 10 };
    expect(kinds({ lives, absences: [absence, { ...absence, fromMs: 5, untilMs: 20 }] })).toEqual([]);
    expect(kinds({ lives, absences: [{ ...absence, untilMs: 3 }] })).toEqual(['message duplicate']);
  });

  it('finds a client without its opening or its close', () => {
    expect(kinds({ lives: [life('a', [...run(1, 2), ...run(2, 4)])] })).toEqual(['unpaired']);
  });

  it('finds members that are not where their handlers put them, and ghosts when all have gone', () => {
    const enter: JournalEntry = ['enter', 1_500, ID, 'uid-1', ['room-1']];
    const lives = [life('a', [open(), enter, ...run(1, 2), ...run(2, 4), close()])];
    const conversations = [conversation({ ending: undefined })];
    const listing = { groups: { 'room-1': [ID] }, uids: { 'uid-1': [ID] } };
    expect(kinds({ lives, stay: { conversations, listing } })).toEqual([]);
    expect(kinds({ lives, stay: { conversations, listing: { ...listing, uids: {} } } })).toEqual([
      'membership',
    ]);
    expect(kinds({ lives, left: listing })).toEqual(['membership']);
  });
});
