import { describe, expect, it } from 'vitest';
import { BroadcastLedger, REPEATED, UNKNOWN } from './broadcast-ledger.js';
import { DUPLICATE, EchoLedger, FOREIGN } from './echo-ledger.js';

describe('the ledger of echoes', () => {
  it('knows when a message was due, once', () => {
    const ledger = new EchoLedger(3, 2);
    const number = ledger.send(1, 12.5);
    expect(ledger.underWay(1)).toBe(1);
    expect(ledger.answer(0, number)).toBe(FOREIGN);
    expect(ledger.answer(1, number)).toBe(12.5);
    expect(ledger.answer(1, number)).toBe(DUPLICATE);
    expect(ledger).toMatchObject({ sent: 1, answered: 1, duplicates: 1, outOfOrder: 0, allAnswered: true });
    expect(ledger.underWay(1)).toBe(0);
  });

  it('takes no number that was never sent', () => {
    const ledger = new EchoLedger(1, 1);
    const number = ledger.send(0, 1);
    expect(ledger.answer(0, number + 1)).toBe(DUPLICATE);
    expect(ledger.answered).toBe(0);
  });

  it('goes on when numbers begin anew', () => {
    const ledger = new EchoLedger(2 ** 20, 4);
    for (let i = 1; i <= 10_000; i++) expect(ledger.answer(77, ledger.send(77, i))).toBe(i);
    expect(ledger).toMatchObject({ answered: 10_000, duplicates: 0, outOfOrder: 0 });
  });

  it('counts those that were overtaken, not those that overtook', () => {
    const ledger = new EchoLedger(1, 4);
    const [a, b, c, d] = [1, 2, 3, 4].map((dueMs) => ledger.send(0, dueMs));
    for (const number of [c!, a!, b!, d!]) ledger.answer(0, number);
    expect(ledger).toMatchObject({ answered: 4, outOfOrder: 2 });
  });

  it('forgets what a connection had under way, and not that it was sent', () => {
    const ledger = new EchoLedger(2, 1);
    const lost = ledger.send(0, 1);
    ledger.forget(0);
    expect(ledger.answer(0, lost)).toBe(DUPLICATE);
    expect(ledger.answer(0, ledger.send(0, 2))).toBe(2);
    expect(ledger).toMatchObject({ sent: 2, answered: 1, outOfOrder: 0 });
  });
});

describe('the ledger of broadcasts', () => {
  function ledgerFor(subscribers: number, window = 4): BroadcastLedger {
    const ledger = new BroadcastLedger(subscribers, window);
    ledger.live = subscribers;
    return ledger;
  }

  it('knows when the last subscriber has it', () => {
    const ledger = ledgerFor(2);
    const sequence = ledger.publish(5);
    expect(ledger.deliver(0, sequence)).toBe(5);
    expect(ledger).toMatchObject({ isComplete: false, underWay: 1, lost: 1 });
    expect(ledger.deliver(1, sequence)).toBe(5);
    expect(ledger).toMatchObject({ isComplete: true, underWay: 0, lost: 0, expected: 2, delivered: 2 });
  });

  it('tells repeated, unknown, overtaken and missing ones apart', () => {
    const ledger = ledgerFor(1);
    for (let i = 0; i < 4; i++) ledger.publish(i + 1);
    expect([2, 2, 0, 0, 9, 3].map((sequence) => ledger.deliver(0, sequence))).toEqual([
      3,
      REPEATED,
      1,
      REPEATED,
      UNKNOWN,
      4,
    ]);
    expect(ledger).toMatchObject({ lost: 1, duplicates: 2, outOfOrder: 1, gaps: 1, underWay: 3 });
  });

  it('does not take a late first delivery for a repeated one, however the bits are used again', () => {
    const ledger = ledgerFor(1, 1);
    for (let i = 0; i < 5000; i++) {
      const sequence = ledger.publish(i + 1);
      if (i !== 4990) expect(ledger.deliver(0, sequence)).toBe(i + 1);
    }
    expect(ledger).toMatchObject({ lost: 1, gaps: 1 });
    expect(ledger.deliver(0, 4990)).toBe(4991);
    expect(ledger.deliver(0, 4990)).toBe(REPEATED);
    expect(ledger).toMatchObject({ lost: 0, duplicates: 1, outOfOrder: 1, underWay: 0 });
  });

  it('waits no longer for subscribers that are gone', () => {
    const ledger = ledgerFor(2);
    ledger.deliver(0, ledger.publish(1));
    ledger.live--;
    expect(ledger).toMatchObject({ underWay: 0, lost: 1 });
  });
});
