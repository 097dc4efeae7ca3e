import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ThrottleAddresses } from './throttle-addresses.js';

describe('addresses', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('may have so many connections each, and one more when one has left', () => {
    const addresses = new ThrottleAddresses(2);
    const first = addresses.enter('192.0.2.1')!;
    expect(addresses.enter('192.0.2.1')).toBe(first);
    expect(addresses.enter('192.0.2.1')).toBeUndefined();
    expect(addresses.enter('192.0.2.2')).not.toBeUndefined();
    addresses.leave(first);
    expect(addresses.enter('192.0.2.1')).toBe(first);
    expect(addresses.enter('192.0.2.1')).toBeUndefined();
  });

  it.each([
    ['2001:db8::1', '2001:db8::ffff:2', true],
    ['2001:db8:1:2::1', '2001:db8:1:2:3:4:5:6', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['::1', '::2', true],
    ['fe80::1', 'fe81::1', false],
    ['1:2:3:4:5:6:7:8', '1:2:3:4::', true],
    ['192.0.2.1', '192.0.2.2', false],
  ])('%s and %s are one: %s', (one, other, isSame) => {
    const addresses = new ThrottleAddresses(0);
    expect(addresses.enter(one) === addresses.enter(other)).toBe(isSame);
  });

  it('are forgotten with their last connection, unless something is not paid for', () => {
    const addresses = new ThrottleAddresses(0);
    addresses.leave(addresses.enter('192.0.2.1')!);
    expect(addresses.size).toBe(0);
    const owing = addresses.enter('192.0.2.2')!;
    owing.paidUntilMs = performance.now() + 1_000;
    addresses.leave(owing);
    expect(addresses.find('192.0.2.2')).toBeUndefined();
    expect(addresses.enter('192.0.2.2')).toBe(owing);
    addresses.leave(owing);
    vi.advanceTimersByTime(1_001);
    addresses.leave(addresses.enter('192.0.2.3')!);
    expect(addresses.size).toBe(0);
  });

  it('that come, owe and go never take more than a bounded room, and the newest are kept', () => {
    const addresses = new ThrottleAddresses(0);
    for (let i = 0; i < 40_000; i++) {
      const share = addresses.enter(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)!;
      share.paidUntilMs = performance.now() + 1e9;
      addresses.leave(share);
    }
    expect(addresses.size).toBe(16_384);
    expect(addresses.enter('10.0.156.63')!.paidUntilMs).toBeGreaterThan(0); // the last one
    expect(addresses.enter('10.0.0.0')!.paidUntilMs).toBe(0);
  });
});
