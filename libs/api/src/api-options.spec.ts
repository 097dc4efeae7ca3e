import { describe, expect, it } from 'vitest';
import { InvalidOptionError } from '#protocol';
import { StaticMembership } from '#register';
import { resolveApiOptions, type GatewayApiOptions } from './api-options.js';
import { GatewayPool } from './gateway-pool.js';
import * as frontDoor from './index.js';

const resolve = (options: unknown): unknown => resolveApiOptions(options as Partial<GatewayApiOptions>);
const pool = (options: unknown): unknown => new GatewayPool(new StaticMembership([]), options as object);

describe('the front door of the api', () => {
  it('has what an application needs beside it: its errors can be told by their base class', () => {
    const address: frontDoor.NodeAddress = { host: '127.0.0.1', port: 9108 };
    const id: frontDoor.ClientId = '7f000001239400000001';
    expect(frontDoor.formatAddress(address)).toBe('127.0.0.1:9108');
    expect(id).toHaveLength(20);
    expect(new frontDoor.ApiClosedError()).toBeInstanceOf(frontDoor.NestwireError);
  });
});

describe('options of the api', () => {
  it('have the defaults of the documentation', () => {
    expect(resolveApiOptions({})).toMatchObject({
      registers: [{ host: '127.0.0.1', port: 9327 }],
      secret: '',
      serialization: 'json',
      questionTimeoutMs: 1_000,
      overdueReplyMs: 5_000,
      startTimeoutMs: 3_000,
      eventPingIntervalMs: 30_000,
      protocol: 'nestwire',
      gatewaySilenceTimeoutMs: 10_000,
      gatewayLostAfterMs: 30_000,
      flushTimeoutMs: 10_000,
      tags: [],
    });
  });

  it.each([
    [{ register: ['127.0.0.1:1'] }, 'api.register'],
    [{ registers: [] }, 'api.registers'],
    [{ registers: '127.0.0.1:9327' }, 'api.registers'],
    [{ registers: ['nonsense'] }, 'api.registers'],
    [{ registers: ['0.0.0.0:9327'] }, 'api.registers'],
    [{ serialization: 'xml' }, 'api.serialization'],
    [{ questionTimeoutMs: -1 }, 'api.questionTimeoutMs'],
    [{ questionTimeoutMs: '1s' }, 'api.questionTimeoutMs'],
    [{ overdueReplyMs: 0 }, 'api.overdueReplyMs'],
    [{ tags: [{}] }, 'api.tags'],
    [{ membership: {} }, 'api.membership'],
    [{ membership: new StaticMembership([]), secret: 's', protocol: 'base' }, 'api.membership'],
    [{ protocol: 'nestwire', serialization: 'php' }, 'api.protocol'],
    [{ protocol: 'http' }, 'api.protocol'],
    [{ secret: [] }, 'api.secret'],
    [{ gatewaySilenceTimeoutMs: -1 }, 'api.gatewaySilenceTimeoutMs'],
    [{ gatewayLostAfterMs: -1 }, 'api.gatewayLostAfterMs'],
    [{ flushTimeoutMs: 'x' }, 'api.flushTimeoutMs'],
    [{ name: 'x'.repeat(256) }, 'api.name'],
    [{ membership: new StaticMembership([]), registers: ['127.0.0.1:1'] }, 'api.membership'],
    [{ log: console }, 'api.log'],
  ])('refuse %j', (options, option) => {
    expect(() => resolve(options)).toThrow(
      expect.objectContaining({ code: 'ERR_NESTWIRE_INVALID_OPTION', option }),
    );
  });

  it.each([
    [{ link: { pingIntervalMs: 5 } }, 'api.link.pingIntervalMs'],
    [{ link: { silenceTimeoutMs: 5 } }, 'api.link.silenceTimeoutMs'],
    [{ link: { maxQueueBytes: 5 } }, 'link.maxQueueBytes'],
    [{ link: 7 }, 'api.link'],
    [{ maxHeldBytes: 0 }, 'api.maxHeldBytes'],
  ])('refuse %j, of the links', (options, option) => {
    expect(() => pool(options)).toThrow(InvalidOptionError);
    expect(() => pool(options)).toThrow(expect.objectContaining({ option }));
  });

  it('speak the extension, but the base protocol where sessions are PHP-serialized', () => {
    const protocols = [
      {},
      { serialization: 'php' },
      { protocol: 'base' },
      { secret: ['new', 'old'] },
    ] as const;
    expect(protocols.map((given) => resolveApiOptions(given).protocol)).toEqual([
      'nestwire',
      'base',
      'base',
      'nestwire',
    ]);
  });

  it('take a secret beside a membership, for the handshake with the gateways', () => {
    const membership = new StaticMembership([]);
    expect(resolveApiOptions({ membership, secret: 's' }).secret).toBe('s');
  });

  it('take a membership in place of the registers', () => {
    const membership = new StaticMembership([]);
    expect(resolveApiOptions({ membership }).membership).toBe(membership);
  });
});
