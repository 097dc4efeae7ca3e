import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteStringFromText, type ByteString } from '#protocol';
import { FakeTransport } from '../test/test-gateway.js';
import type { Connection } from './connection.js';
import { ConnectionTable } from './connection-table.js';
import { NO_LIMIT } from './in-steps.js';
import type { TableObserver } from './table-observer.js';

const name = byteStringFromText;

/** What the table should be, said in the plainest way: everything is looked for anew each time. */
interface Model {
  readonly open: Map<number, { uid: string; groups: Set<string> }>;
  readonly gone: number[];
}

class Subject {
  readonly calls: string[] = [];
  readonly table = new ConnectionTable(recordingObserver(this.calls));
  readonly connections = new Map<number, Connection>();
}

function recordingObserver(calls: string[]): TableObserver {
  return {
    opened: ({ id }) => calls.push(`opened ${id}`),
    closed: ({ id }) => calls.push(`closed ${id}`),
    bound: ({ id }, uid) => calls.push(`bound ${id} ${uid}`),
    unbound: ({ id }, uid) => calls.push(`unbound ${id} ${uid}`),
    joined: ({ id }, group) => calls.push(`joined ${id} ${group}`),
    left: ({ id }, group) => calls.push(`left ${id} ${group}`),
  };
}

const NAMES = ['', 'a', 'b', 'c'] as const;
const anyName = fc.constantFrom(...NAMES);
/** Which of the open connections a step is about. */
const pick = fc.nat(1000);

type Step = (model: Model, subject: Subject) => void;

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Step>(open) },
  pick.map<Step>((at) => onOne(at, close)),
  fc
    .tuple(pick, anyName)
    .map<Step>(([at, uid]) => onOne(at, (id, model, subject) => bind(id, uid, model, subject))),
  pick.map<Step>((at) => onOne(at, (id, model, subject) => bind(id, '', model, subject))),
  fc
    .tuple(pick, anyName)
    .map<Step>(([at, group]) => onOne(at, (id, model, subject) => join(id, group, model, subject))),
  fc
    .tuple(pick, anyName)
    .map<Step>(([at, group]) => onOne(at, (id, model, subject) => leave(id, group, model, subject))),
  anyName.map<Step>((group) => (model, { table }) => {
    for (const { groups } of model.open.values()) groups.delete(group);
    table.dissolve(name(group));
  }),
);

function open(model: Model, { table, connections }: Subject): void {
  const connection = table.open(new FakeTransport())!;
  connections.set(connection.id, connection);
  expect(model.open.has(connection.id)).toBe(false);
  model.open.set(connection.id, { uid: '', groups: new Set() });
}

function onOne(at: number, step: (id: number, model: Model, subject: Subject) => void): Step {
  return (model, subject) => {
    const ids = [...model.open.keys()];
    const id = ids[at % ids.length];
    if (id !== undefined) step(id, model, subject);
  };
}

function close(id: number, model: Model, { table, connections }: Subject): void {
  model.open.delete(id);
  model.gone.push(id);
  table.close(connections.get(id)!);
  connections.delete(id);
}

function bind(id: number, uid: string, model: Model, { table, connections }: Subject): void {
  model.open.get(id)!.uid = uid;
  table.bind(connections.get(id)!, name(uid));
}

function join(id: number, group: string, model: Model, { table, connections }: Subject): void {
  model.open.get(id)!.groups.add(group);
  table.join(connections.get(id)!, name(group));
}

function leave(id: number, group: string, model: Model, { table, connections }: Subject): void {
  model.open.get(id)!.groups.delete(group);
  table.leave(connections.get(id)!, name(group));
}

function pageOf(table: ConnectionTable, after: number, limit: number): number[] {
  return table.everyone.ids(table.slotAfter(after), limit);
}

const ascending = (a: number, b: number): number => a - b;

function idsWhere(
  model: Model,
  matches: (client: { uid: string; groups: Set<string> }) => boolean,
): number[] {
  return [...model.open]
    .filter(([, client]) => matches(client))
    .map(([id]) => id)
    .sort(ascending);
}

function expectSame(model: Model, { table, connections }: Subject): void {
  const ids = [...model.open.keys()].sort(ascending);
  expect(table.size).toBe(ids.length);
  expect([...table.all()].map(({ id }) => id)).toEqual(ids);
  expect(ids.map((id) => table.get(id))).toEqual(ids.map((id) => connections.get(id)));
  expect(model.gone.every((id) => table.get(id) === undefined)).toBe(true);
  for (const uid of NAMES.slice(1))
    expect(table.namespace.uids.members(name(uid)).ids(0, NO_LIMIT)).toEqual(
      idsWhere(model, (client) => client.uid === uid),
    );
  for (const group of NAMES)
    expect(table.namespace.groups.members(name(group)).ids(0, NO_LIMIT)).toEqual(
      idsWhere(model, ({ groups }) => groups.has(group)),
    );
  const clients = [...model.open.values()];
  const uids = new Set(clients.map(({ uid }) => uid).filter((uid) => uid !== ''));
  expect(new Set(table.namespace.uids.names())).toEqual(uids);
  expect(table.namespace.uids.size).toBe(uids.size);
  expect(new Set(table.namespace.groups.names())).toEqual(
    new Set(clients.flatMap(({ groups }) => [...groups])),
  );
  for (const [id, { uid, groups }] of model.open) {
    const connection = connections.get(id)!;
    expect(connection.uid).toBe(uid);
    expect(connection.groups).toHaveLength(groups.size);
    expect(new Set(connection.groups)).toEqual(groups);
  }
}

describe('the connection table', () => {
  it('is the same as a naive model after any steps', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 120 }), (sequence) => {
        const model: Model = { open: new Map(), gone: [] };
        const subject = new Subject();
        for (const step of sequence) step(model, subject);
        expectSame(model, subject);
        expectObserved(model, subject.calls);
      }),
      { numRuns: 150 },
    );
  });

  it('gives every id exactly once in pages of any size, ascending', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { maxLength: 200 }),
        fc.integer({ min: 1, max: 30 }),
        (stays, limit) => {
          const table = new ConnectionTable();
          const opened = stays.map(() => table.open(new FakeTransport())!);
          for (const [index, connection] of opened.entries())
            if (stays[index] !== true) table.close(connection);
          const expected = opened.filter((_, index) => stays[index]).map(({ id }) => id);
          const found: number[] = [];
          for (let after = 0; ;) {
            const page = pageOf(table, after, limit);
            expect(page.length).toBeLessThanOrEqual(limit);
            if (page.length === 0) break;
            found.push(...page);
            after = page.at(-1)!;
          }
          expect(found).toEqual(expected);
        },
      ),
    );
  });

  it('goes on after a client that has left meanwhile, and finds nothing after the last one', () => {
    const table = new ConnectionTable();
    const [first, second, third] = [1, 2, 3].map(() => table.open(new FakeTransport())!);
    table.close(second!);
    expect(pageOf(table, second!.id, 10)).toEqual([third!.id]);
    expect(pageOf(table, first!.id, 0)).toEqual([]);
    expect(pageOf(table, 0xffff_ffff, 10)).toEqual([]);
  });

  it('knows nobody under an id that was given before, or never', () => {
    const table = new ConnectionTable();
    const { id } = table.open(new FakeTransport())!;
    for (const stranger of [0, 1, id - 1, id + 1, id + 4096, 0xffff_ffff]) {
      expect(table.get(stranger)).toBeUndefined();
    }
  });

  it('tells its observer nothing of a change that changes nothing', () => {
    const { table, calls } = new Subject();
    const connection = table.open(new FakeTransport())!;
    table.bind(connection, name('u'));
    table.join(connection, name('g'));
    calls.length = 0;
    table.bind(connection, name('u'));
    table.join(connection, name('g'));
    table.leave(connection, name('other'));
    table.dissolve(name('other'));
    table.unbind(table.open(new FakeTransport())!);
    expect(calls.filter((call) => !call.startsWith('opened'))).toEqual([]);
  });

  it('tells its observer what a client loses before that it is gone', () => {
    const { table, calls } = new Subject();
    const connection = table.open(new FakeTransport())!;
    table.bind(connection, name('u'));
    table.join(connection, name('g'));
    table.bind(connection, name('v'));
    table.close(connection);
    const { id } = connection;
    expect(calls).toEqual([
      `opened ${id}`,
      `bound ${id} u`,
      `joined ${id} g`,
      `unbound ${id} u`,
      `bound ${id} v`,
      `unbound ${id} v`,
      `left ${id} g`,
      `closed ${id}`,
    ]);
  });
});

/** Played back, what the observer was told is what there is. */
function expectObserved(model: Model, calls: readonly string[]): void {
  const clients = new Map<number, { uid: string; groups: Set<string> }>();
  for (const call of calls) {
    const [what, idText, ...rest] = call.split(' ');
    const id = Number(idText);
    const value: ByteString = name(rest.join(' '));
    if (what === 'opened') clients.set(id, { uid: '', groups: new Set() });
    else if (what === 'closed') clients.delete(id);
    else if (what === 'bound') clients.get(id)!.uid = value;
    else if (what === 'unbound') clients.get(id)!.uid = '';
    else if (what === 'joined') clients.get(id)!.groups.add(value);
    else clients.get(id)!.groups.delete(value);
  }
  expect(clients).toEqual(model.open);
}
