import { describe, expect, it } from 'vitest';
import { StaticMembership } from '#register';
import { gatewayAddress } from '../../../test/links/register-kit.js';

describe('a static membership', () => {
  it('knows its gateways at once, each of them once, and tells every listener', async () => {
    const membership = new StaticMembership([gatewayAddress(1), gatewayAddress(2), gatewayAddress(1)]);
    const told: unknown[] = [];
    const unsubscribe = membership.subscribe((gateways) => told.push(gateways));
    membership.start();
    expect(membership.gateways).toEqual([gatewayAddress(1), gatewayAddress(2)]);
    expect(told).toEqual([[gatewayAddress(1), gatewayAddress(2)]]);
    unsubscribe();
    await membership.close();
  });
});
