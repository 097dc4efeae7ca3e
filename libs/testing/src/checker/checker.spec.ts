import { describe, expect, it } from 'vitest';
import { Checker } from './checker.js';
import { describeViolations } from './violation.js';

/** Handlings of one client as text: `A3` is message 3 at the worker A, `B3*` the same marked, `A!` the loss of A, `A+` its return. */
function history(sent: number, ...handlings: readonly string[]): Checker {
  const checker = new Checker({ areAnswered: false });
  checker.connected('c');
  for (let count = 0; count < sent; count++) checker.sent('c');
  checker.handled('c', { kind: 'connect', worker: 'A', atMs: 0 });
  handlings.forEach((text, index) => {
    const [worker, rest, atMs] = [text[0]!, text.slice(1), index + 1];
    if (rest === '!') return checker.workerLost(worker, atMs);
    if (rest === '+') return checker.workerBack(worker, atMs);
    const isRedelivered = rest.endsWith('*');
    const sequence = Number.parseInt(rest, 10);
    checker.handled('c', { kind: 'message', sequence, worker, isRedelivered, atMs });
  });
  return checker;
}

const linesOf = (checker: Checker): string[] =>
  describeViolations(checker.verdict()).split('\n').filter(Boolean);

describe('redelivery', () => {
  it.each([
    ['of what was handled, and of what was lost', 4, ['A1', 'A2', 'A!', 'B2*', 'B3*', 'B4']],
    ['twice', 4, ['A1', 'A2', 'A3', 'A!', 'B2*', 'B!', 'C2*', 'C3*', 'C4']],
    ['to a worker that came back', 3, ['A1', 'A2', 'A!', 'B2*', 'B!', 'A+', 'A2*', 'A3']],
    ['while the lost worker still handles, without effect', 4, ['A1', 'A!', 'B2*', 'A2', 'B3', 'A3', 'B4']],
    ['of a first one while later ones went with it', 3, ['A1', 'A2', 'A3', 'A!', 'B1*', 'B2*', 'B3*']],
  ])('%s is right', (_what, sent, handlings) => {
    expect(linesOf(history(sent, ...handlings))).toEqual([]);
  });

  it('after a later one was handled elsewhere is too late', () => {
    expect(linesOf(history(3, 'A1', 'A2', 'A!', 'B3', 'B2*'))).toEqual(['c: message 2 came after 3']);
  });

  it('of what nobody saw, after a later one, is too late', () => {
    expect(linesOf(history(3, 'A1', 'A!', 'B3', 'B2*'))).toEqual(['c: message 2 came after 3']);
  });

  it('that turns two around is seen', () => {
    expect(linesOf(history(3, 'A1', 'A2', 'A3', 'A!', 'B3*', 'B2*'))).toEqual(['c: message 2 came after 3']);
  });

  it('without the mark is a duplicate', () => {
    expect(linesOf(history(2, 'A1', 'A!', 'B1', 'B2'))).toEqual([
      'c: message 1 was handled again without the mark',
    ]);
  });

  it('is for something that can have been lost', () => {
    expect(linesOf(history(2, 'A1', 'A2*'))).toEqual([
      'c: message 2 was marked as redelivered, and never was delivered before',
    ]);
  });

  it('does not excuse a worker that is back, as a new one, from order', () => {
    expect(linesOf(history(3, 'A1', 'A!', 'B2*', 'A+', 'B3', 'A2'))).toEqual([
      'c: message 2 was handled again without the mark',
    ]);
  });
});

describe('ends', () => {
  it('of a client that closes need everything to be handled', () => {
    const checker = history(3, 'A1');
    checker.expectEnd('c', 'closes');
    checker.disconnected('c', 1000);
    expect(linesOf(checker)).toEqual([
      'c: message 2 was never handled',
      'c: message 3 was never handled',
      'c: it is gone, and no OnClose was handled',
    ]);
  });

  it('of a client that dies excuse the last, and no gaps', () => {
    const checker = history(4, 'A1', 'A3');
    checker.expectEnd('c', 'dies');
    checker.disconnected('c', 1006);
    expect(linesOf(checker)).toEqual(['c: message 2 was never handled']);
  });

  it('that nobody expected are told with their code', () => {
    const checker = history(1, 'A1');
    checker.disconnected('c', 1013);
    expect(linesOf(checker)).toEqual(['c: was disconnected with 1013']);
  });

  it('come last', () => {
    const checker = history(2, 'A1');
    checker.expectEnd('c', 'closes');
    checker.disconnected('c', 1000);
    checker.handled('c', { kind: 'close', worker: 'A', atMs: 10 });
    checker.handled('c', { kind: 'message', sequence: 2, worker: 'A', atMs: 11 });
    expect(linesOf(checker)).toEqual(['c: message 2 came after close']);
  });
});

describe('memberships', () => {
  it('are what the last handlers made them, and nothing of who is gone', () => {
    const checker = new Checker();
    const moment = { worker: 'A' };
    for (const client of ['stays', 'goes']) {
      checker.connected(client);
      checker.handled(client, { kind: 'connect', ...moment });
      checker.joined(client, 'left', moment);
      checker.joined(client, 'kept', moment);
      checker.left(client, 'left', moment);
      checker.bound(client, 'former', moment);
      checker.bound(client, 'uid', moment);
    }
    checker.expectEnd('goes', 'dies');
    checker.disconnected('goes');
    checker.listed({ groups: { kept: ['stays'] }, uids: { uid: ['stays'] } });
    expect(linesOf(checker)).toEqual([]);
    checker.listed({ groups: { left: ['stays'], kept: ['goes'] }, uids: { former: ['stays'] } });
    expect(linesOf(checker).toSorted()).toEqual([
      'goes: group "kept" is unexpected in the final listing',
      'stays: group "kept" is missing in the final listing',
      'stays: group "left" is unexpected in the final listing',
      'stays: uid "former" is unexpected in the final listing',
      'stays: uid "uid" is missing in the final listing',
    ]);
  });

  it('do not change by what a lost worker does late', () => {
    const checker = history(1, 'A1');
    checker.workerLost('A', 5);
    checker.joined('c', 'late', { worker: 'A', atMs: 6 });
    checker.listed({ groups: {}, uids: {} });
    expect(linesOf(checker)).toEqual([]);
  });
});

describe('records', () => {
  it('are counted', () => {
    const checker = history(3, 'A1', 'A!', 'A2', 'B2*', 'B3');
    checker.answered('c', 1);
    expect(checker.counts).toEqual({ clients: 1, sent: 3, handled: 5, answered: 1, redelivered: 1, late: 1 });
  });

  it('have the time of the call when they say no other', () => {
    const checker = new Checker();
    checker.connected('c');
    checker.handled('c', { kind: 'connect', worker: 'A' });
    for (let count = 0; count < 3; count++) {
      const sequence = checker.sent('c');
      checker.handled('c', { kind: 'message', sequence, worker: 'A' });
      checker.answered('c', sequence);
    }
    expect(linesOf(checker)).toEqual([]);
  });

  it.each([0, -1, 1.5, Number.NaN])('have no message %d', (sequence) => {
    const wrong = expect.objectContaining({ code: 'ERR_NESTWIRE_INVALID_ARGUMENT', argument: 'sequence' });
    const checker = new Checker();
    expect(() => checker.handled('c', { kind: 'message', sequence, worker: 'A' })).toThrow(wrong);
    expect(() => checker.answered('c', sequence)).toThrow(wrong);
  });

  it('of many violations are told in part', () => {
    expect(describeViolations(history(5).verdict(), 2)).toBe(
      'c: message 1 was never handled\nc: message 2 was never handled\n… and 3 more',
    );
  });
});

describe('500 clients with 900 messages each', () => {
  it('are judged in some seconds, and take less than 100 MB', () => {
    const before = process.memoryUsage().heapUsed;
    const checker = new Checker();
    const names = Array.from({ length: 500 }, (_, number) => `client ${number}`);
    let atMs = 1e9;
    for (const client of names) {
      checker.connected(client);
      checker.handled(client, { kind: 'connect', worker: 'A', atMs: ++atMs });
    }
    for (let count = 0; count < 900; count++) {
      for (const client of names) {
        const sequence = checker.sent(client);
        checker.handled(client, { kind: 'message', sequence, worker: 'A', atMs: (atMs += 0.1) });
        checker.answered(client, sequence);
      }
    }
    expect(checker.counts.handled).toBe(450_500);
    const startMs = performance.now();
    expect(checker.verdict()).toEqual([]);
    expect(performance.now() - startMs).toBeLessThan(10_000);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100 * 1024 * 1024);
  });
});
