import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '#protocol';
import { StaticMembership } from '#register';
import { baseEntry, gatewayAddress } from '../../../test/links/register-kit.js';

describe('a static membership', () => {
  it('knows its gateways at once, each of them once, and tells every listener', async () => {
    const addresses = [gatewayAddress(1), gatewayAddress(2), gatewayAddress(1)];
    const membership = new StaticMembership(addresses, 'base');
    const told: unknown[] = [];
    const unsubscribe = membership.subscribe((gateways) => told.push(gateways));
    membership.start();
    expect(membership.gateways).toEqual([baseEntry(gatewayAddress(1)), baseEntry(gatewayAddress(2))]);
    expect(told).toEqual([membership.gateways]);
    unsubscribe();
    await membership.close();
  });

  it('leaves the ids to the handshakes, and takes names and IPv6, unless the protocol is the base', () => {
    const addresses = [
      { host: 'gateway', port: 9108 },
      { host: '::1', port: 9108 },
    ];
    expect(new StaticMembership(addresses).gateways).toEqual(
      addresses.map((address) => ({ id: '', address, zone: '', features: 0 })),
    );
    expect(() => new StaticMembership(addresses, 'base')).toThrow(InvalidArgumentError);
  });
});
