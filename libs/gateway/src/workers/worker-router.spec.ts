import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Connection } from '../connection/connection.js';
import { ConnectionSlots } from '../connection/connection-slots.js';
import { Namespace } from '../connection/namespace.js';
import { FakeTransport } from '../test/test-gateway.js';
import type { WorkerLink } from './worker-link.js';
import { rendezvousRouter } from './worker-router.js';

const CLIENTS = 4_000;
const transport = new FakeTransport();
const namespace = new Namespace('', new ConnectionSlots<Connection>());
/** Ids as a gateway gives them: ascending slots, any generation. */
const clients = Array.from(
  { length: CLIENTS },
  (_, i) => new Connection((i + 1) * 4096 + ((i * 2654435761) % 4096), transport, namespace),
);

/** The router looks at the id alone. */
function workersWith(ids: readonly number[]): WorkerLink[] {
  return ids.map((id) => ({ id }) as WorkerLink);
}

function routes(workers: readonly WorkerLink[]): number[] {
  return clients.map((client) => rendezvousRouter.choose(client, workers).id);
}

const workerIds = fc.uniqueArray(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 12 });

describe('the rendezvous router', () => {
  it('sends the same client to the same worker, in whatever order the workers stand', () => {
    fc.assert(
      fc.property(workerIds, (ids) => {
        expect(routes(workersWith(ids.toReversed()))).toEqual(routes(workersWith(ids)));
      }),
      { numRuns: 20 },
    );
  });

  it('moves clients to the new worker only when one comes, about 1 in n + 1 of them', () => {
    fc.assert(
      fc.property(workerIds, fc.integer({ min: 100_001, max: 200_000 }), (ids, newcomer) => {
        const before = routes(workersWith(ids));
        const after = routes(workersWith([...ids, newcomer]));
        const moved = after.filter((id, index) => id !== before[index]);
        expect(new Set(moved)).toEqual(new Set([newcomer]));
        const share = CLIENTS / (ids.length + 1);
        expect(moved.length).toBeGreaterThan(share * 0.7);
        expect(moved.length).toBeLessThan(share * 1.3);
      }),
      { numRuns: 40 },
    );
  });

  it('moves only the clients of the worker that goes', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 1_000 }), { minLength: 2, maxLength: 12 }),
        (ids) => {
          const [gone, ...left] = ids;
          const before = routes(workersWith(ids));
          const after = routes(workersWith(left));
          for (const [index, id] of before.entries()) if (id !== gone) expect(after[index]).toBe(id);
          expect(after.includes(gone!)).toBe(false);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('gives consecutive worker ids equal shares', () => {
    const counts = new Map<number, number>();
    for (const id of routes(workersWith([1, 2, 3, 4]))) counts.set(id, (counts.get(id) ?? 0) + 1);
    for (const count of counts.values()) expect(Math.abs(count - CLIENTS / 4)).toBeLessThan(CLIENTS / 20);
    expect(counts.size).toBe(4);
  });
});
