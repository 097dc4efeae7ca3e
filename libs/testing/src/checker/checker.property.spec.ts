import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { legalHistories, told, type Entry, type History } from '../test/legal-history.js';
import type { Violation } from './violation.js';

type Handled = Extract<Entry, { readonly do: 'handled' }>;

const isHandled = (entry: Entry): entry is Handled => entry.do === 'handled';
const sequenceOf = ({ handling }: Handled): number | undefined =>
  handling.kind === 'message' ? handling.sequence : undefined;
const isFirst = (entry: Handled): boolean => entry.handling.isRedelivered !== true;

const isLate = (entries: readonly Entry[], { handling }: Handled): boolean =>
  entries.some(
    (entry) => entry.do === 'workerLost' && entry.worker === handling.worker && entry.atMs < handling.atMs!,
  );

/** Those of which nothing was delivered twice, so that one change is one violation. */
function handledOnce(entries: readonly Entry[], kind: Handled['handling']['kind']): Handled[] {
  const all = entries.filter(isHandled);
  return all.filter(
    (one) =>
      one.handling.kind === kind &&
      isFirst(one) &&
      !isLate(entries, one) &&
      all.filter((other) => other.client === one.client && keyOf(other) === keyOf(one)).length === 1,
  );
}
const keyOf = (entry: Handled): string => `${entry.handling.kind} ${sequenceOf(entry)}`;

const hasDied = (entries: readonly Entry[], client: string): boolean =>
  entries.some((entry) => entry.do === 'expectEnd' && entry.client === client && entry.how === 'dies');
const isGone = (entries: readonly Entry[], client: string): boolean =>
  entries.some((entry) => entry.do === 'disconnected' && entry.client === client);
const without = (entries: readonly Entry[], entry: Entry): Entry[] => entries.filter((one) => one !== entry);

/** Puts one violation into a history. @returns undefined where there is no place for it */
type Planter = (
  history: History,
  choice: number,
) => { readonly planted: History; readonly expected: Partial<Violation> } | undefined;

function choose<Item>(items: readonly Item[], choice: number): Item | undefined {
  return items[choice % Math.max(1, items.length)];
}

function changed(
  history: History,
  entries: readonly Entry[],
  expected: Partial<Violation>,
): ReturnType<Planter> {
  return { planted: { ...history, entries }, expected };
}

/** Two handlings of a client in a row change places in time. */
const swapHandlings: Planter = (history, choice) => {
  const once = handledOnce(history.entries, 'message');
  const pairs = once.flatMap((one) => {
    const next = once.find(
      (other) => other.client === one.client && sequenceOf(other) === sequenceOf(one)! + 1,
    );
    return next === undefined ? [] : [[one, next] as const];
  });
  const pair = choose(pairs, choice);
  if (pair === undefined) return undefined;
  const [first, second] = pair;
  const at = (entry: Handled, { handling }: Handled): Entry => ({
    ...entry,
    handling: { ...entry.handling, worker: handling.worker, atMs: handling.atMs },
  });
  const entries = history.entries.map((entry) =>
    entry === first ? at(first, second) : entry === second ? at(second, first) : entry,
  );
  const [sequence, after] = [sequenceOf(first), sequenceOf(second)!];
  return changed(history, entries, {
    kind: 'reordered',
    client: first.client,
    what: 'message',
    sequence,
    after,
  });
};

const PLANTERS: Readonly<Record<string, Planter>> = {
  'a message that is not handled': (history, choice) => {
    const lost = choose(
      handledOnce(history.entries, 'message').filter(({ client }) => !hasDied(history.entries, client)),
      choice,
    );
    if (lost === undefined) return undefined;
    const sequence = sequenceOf(lost)!;
    const expected = { kind: 'lost', client: lost.client, what: 'handling', sequence } as const;
    return changed(history, without(history.entries, lost), expected);
  },
  'an answer that does not come': (history, choice) => {
    const answers = history.entries.filter((entry) => entry.do === 'answered');
    const once = answers.filter(
      (one) =>
        !isGone(history.entries, one.client) &&
        answers.filter((other) => other.client === one.client && other.sequence === one.sequence).length ===
          1,
    );
    const lost = choose(once, choice);
    if (lost === undefined) return undefined;
    const { client, sequence } = lost;
    return changed(history, without(history.entries, lost), {
      kind: 'lost',
      client,
      what: 'answer',
      sequence,
    });
  },
  'two messages in the wrong order': swapHandlings,
  'two answers in the wrong order': (history, choice) => {
    const answers = history.entries.filter((entry) => entry.do === 'answered');
    const pairs = answers.flatMap((one) => {
      const next = answers.filter(
        (other) => other.client === one.client && other.sequence === one.sequence + 1,
      );
      const same = answers.filter((other) => other.client === one.client && other.sequence === one.sequence);
      return next.length === 1 && same.length === 1 ? [[one, next[0]!] as const] : [];
    });
    const pair = choose(pairs, choice);
    if (pair === undefined) return undefined;
    const [first, second] = pair;
    const entries = history.entries.map((entry) =>
      entry === first ? second : entry === second ? first : entry,
    );
    const { client, sequence } = first;
    return changed(history, entries, {
      kind: 'reordered',
      client,
      what: 'answer',
      sequence,
      after: second.sequence,
    });
  },
  'a message that is handled again without the mark': (history, choice) => {
    const again = choose(handledOnce(history.entries, 'message'), choice);
    if (again === undefined) return undefined;
    const { client, handling } = again;
    const twin: Entry = {
      ...again,
      handling: { ...handling, worker: 'another', atMs: handling.atMs! + 0.5 },
    };
    const expected = { kind: 'duplicate', client, what: 'message', sequence: sequenceOf(again) } as const;
    return changed(history, [...history.entries, twin], expected);
  },
  'an answer that comes once more': (history, choice) => {
    const again = choose(
      history.entries.filter((entry) => entry.do === 'answered'),
      choice,
    );
    if (again === undefined) return undefined;
    const { client, sequence } = again;
    const handled = history.entries.filter(
      (entry) => isHandled(entry) && entry.client === client && sequenceOf(entry) === sequence,
    );
    const answers = Array.from({ length: handled.length }, () => again);
    return changed(history, [...history.entries, ...answers], {
      kind: 'duplicate',
      client,
      what: 'answer',
      sequence,
    });
  },
  'a mark for nothing': (history, choice) => {
    const firstLossMs = Math.min(
      ...history.entries.map((entry) =>
        entry.do === 'workerLost' || entry.do === 'linkBroken' ? entry.atMs : Infinity,
      ),
    );
    const first = choose(
      history.entries.filter(isHandled).filter((one) => isFirst(one) && one.handling.atMs! < firstLossMs),
      choice,
    );
    if (first === undefined) return undefined;
    const marked: Entry = { ...first, handling: { ...first.handling, isRedelivered: true } };
    const entries = history.entries.map((entry) => (entry === first ? marked : entry));
    const { client, handling } = first;
    return changed(history, entries, { kind: 'wrongMark', client, what: handling.kind });
  },
  'a number that was never sent': (history, choice) => {
    const any = choose(handledOnce(history.entries, 'message'), choice);
    if (any === undefined) return undefined;
    const sent = history.entries.filter((entry) => entry.do === 'sent' && entry.client === any.client).length;
    const { worker } = any.handling;
    const handling = { kind: 'message' as const, sequence: sent + 1, worker, atMs: any.handling.atMs! + 0.5 };
    const expected = { kind: 'invented', client: any.client, what: 'message', sequence: sent + 1 } as const;
    return changed(history, [...history.entries, { ...any, handling }], expected);
  },
  'no OnConnect': (history, choice) => {
    const connect = choose(
      handledOnce(history.entries, 'connect').filter(({ client }) => !isGone(history.entries, client)),
      choice,
    );
    if (connect === undefined) return undefined;
    const expected = { kind: 'unpaired', client: connect.client, problem: 'noConnect' } as const;
    return changed(history, without(history.entries, connect), expected);
  },
  'no OnClose': (history, choice) => {
    const close = choose(handledOnce(history.entries, 'close'), choice);
    if (close === undefined) return undefined;
    const expected = { kind: 'unpaired', client: close.client, problem: 'noClose' } as const;
    return changed(history, without(history.entries, close), expected);
  },
  'two OnConnect': (history, choice) => {
    const connect = choose(handledOnce(history.entries, 'connect'), choice);
    if (connect === undefined) return undefined;
    const { client, handling } = connect;
    const twin: Entry = {
      ...connect,
      handling: { ...handling, worker: 'another', atMs: handling.atMs! + 0.5 },
    };
    return changed(history, [...history.entries, twin], { kind: 'duplicate', client, what: 'connect' });
  },
  'OnClose of a client that is there': (history, choice) => {
    const clients = ['c0', 'c1', 'c2'].filter((client) => !isGone(history.entries, client));
    const client = choose(clients, choice);
    if (client === undefined) return undefined;
    const close: Entry = { do: 'handled', client, handling: { kind: 'close', worker: 'w', atMs: 1e9 } };
    return changed(history, [...history.entries, close], {
      kind: 'unpaired',
      client,
      problem: 'closedOnline',
    });
  },
  'a disconnect that nobody asked for': (history, choice) => {
    const end = choose(
      history.entries.filter((entry) => entry.do === 'expectEnd'),
      choice,
    );
    if (end === undefined) return undefined;
    return changed(history, without(history.entries, end), { kind: 'disconnected', client: end.client });
  },
  'a member that is missing': (history, choice) => {
    const [name, members] = choose(Object.entries(history.listing.groups), choice) ?? [];
    if (name === undefined || members === undefined) return undefined;
    const groups = { ...history.listing.groups, [name]: members.slice(1) };
    const expected = {
      kind: 'membership',
      client: members[0]!,
      of: 'group',
      name,
      problem: 'missing',
    } as const;
    return { planted: { ...history, listing: { ...history.listing, groups } }, expected };
  },
  'a uid that nobody has bound': (history, choice) => {
    const client = `c${choice % 3}`;
    const uids = { ...history.listing.uids, stale: [client] };
    const expected = { kind: 'membership', client, of: 'uid', name: 'stale', problem: 'unexpected' } as const;
    return { planted: { ...history, listing: { ...history.listing, uids } }, expected };
  },
};

describe('a history that keeps all promises', () => {
  it('has no violations, whatever is lost and redelivered', () => {
    fc.assert(
      fc.property(legalHistories, (history) => {
        expect(told(history).verdict()).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('has none either when the records of handlers arrive in any order', () => {
    fc.assert(
      fc.property(legalHistories, fc.infiniteStream(fc.nat()), (history, numbers) => {
        const clients = history.entries.filter((entry) => !('handling' in entry) && !('moment' in entry));
        const handlers = history.entries.filter((entry) => 'handling' in entry || 'moment' in entry);
        const shuffled = handlers
          .map((entry) => [numbers.next().value!, entry] as const)
          .sort(([one], [other]) => one - other)
          .map(([, entry]) => entry);
        expect(told({ ...history, entries: [...clients, ...shuffled] }).verdict()).toEqual([]);
      }),
    );
  });
});

describe('a planted violation is found, alone:', () => {
  it.each(Object.entries(PLANTERS))('%s', (_name, plant) => {
    let planted = 0;
    fc.assert(
      fc.property(legalHistories, fc.nat(), (history, choice) => {
        const result = plant(history, choice);
        if (result === undefined) return;
        planted++;
        const violations = told(result.planted).verdict();
        expect(violations).toContainEqual(expect.objectContaining(result.expected));
        // Of its client, and nobody else's.
        expect(new Set(violations.map(({ client }) => client)).size).toBe(1);
      }),
      { numRuns: 300 },
    );
    expect(planted).toBeGreaterThan(20);
  });
});
