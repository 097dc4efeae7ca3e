import { describe, expect, it } from 'vitest';
import { InvalidOptionError } from '#protocol';
import { DEFAULT_GATEWAY_OPTIONS } from './gateway-options.js';
import { advertisedAddress, resolveGatewayOptions } from './resolve-gateway-options.js';

const LAN_HINT = 'such as 10.0.0.5:9108.';

function refusal(given: object): string {
  try {
    resolveGatewayOptions(given);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ code: 'ERR_NESTWIRE_INVALID_OPTION' });
    return (error as Error).message;
  }
  return 'taken';
}

describe("a gateway's options", () => {
  it('have the defaults of the design', () => {
    expect(DEFAULT_GATEWAY_OPTIONS).toMatchObject({
      lan: '127.0.0.1:9108',
      registers: ['127.0.0.1:9327'],
      maxMessageBytes: 1_048_576,
      maxQueuedBytes: 1_048_576,
      slowClientTimeoutMs: 10_000,
      maxConnections: 100_000,
      maxAcceptsPerSecond: 2_000,
      pingIntervalMs: 25_000,
      pongTimeoutMs: 10_000,
      tcpKeepAliveMs: 60_000,
      tcpIdleTimeoutMs: 0,
      parkedBytes: 16_777_216,
      parkedClientBytes: 65_536,
      parkedAgeMs: 30_000,
      drainTimeoutMs: 10_000,
      farewellPerSecond: 2_000,
      farewellMessage: '',
      comeBackWithinMs: 0,
      maxSessionBytes: 65_536,
      moveAfterQuietMs: 5_000,
      maxLinks: 10_000,
    });
    const { link, lan, registers, listen } = resolveGatewayOptions();
    expect(link).toMatchObject({
      maxFrameBytes: 67_108_864,
      maxHandshakeFrameBytes: 4_096,
      maxQueuedBytes: 67_108_864,
      highWaterMarkBytes: 16_777_216,
    });
    expect(lan).toEqual({ host: '127.0.0.1', port: 9108 });
    expect(registers).toEqual([{ host: '127.0.0.1', port: 9327 }]);
    expect(listen.map(({ kind, port }) => [kind, port])).toEqual([
      ['ws', 8000],
      ['tcp', 8001],
    ]);
  });

  it('are refused when nobody knows them', () => {
    expect(refusal({ maxConnection: 5 })).toBe(
      'Option "gateway.maxConnection" is not known. Did you mean "maxConnections"?',
    );
    expect(refusal({ link: { maxFrameByte: 5 } })).toBe(
      'Option "link.maxFrameByte" is not known. Did you mean "maxFrameBytes"?',
    );
  });

  const wrong: readonly (readonly [object, string])[] = [
    [{ maxMessageBytes: 0 }, 'Option "gateway.maxMessageBytes" must be a whole number of at least 1, not 0.'],
    [{ maxSessionBytes: 1 }, 'Option "gateway.maxSessionBytes" must be a whole number of at least 2, not 1.'],
    [{ maxLinks: 0 }, 'Option "gateway.maxLinks" must be a whole number of at least 1, not 0.'],
    [{ maxQueuedBytes: -1 }, 'Option "gateway.maxQueuedBytes" must be a whole number of at least 0, not -1.'],
    [
      { maxConnections: 1_048_576 },
      'Option "gateway.maxConnections" must be a whole number from 1 to 1048575, not 1048576.',
    ],
    [
      { drainTimeoutMs: 2_147_483_648 },
      'Option "gateway.drainTimeoutMs" must be a whole number from 0 to 2147483647, not 2147483648.',
    ],
    [
      { pingIntervalMs: '25s' },
      'Option "gateway.pingIntervalMs" must be a whole number from 0 to 2147483647, not "25s".',
    ],
    [{ serialization: 'xml' }, 'Option "gateway.serialization" must be "json" or "php", not "xml".'],
    [{ withoutWorker: 'keep' }, 'Option "gateway.withoutWorker" must be "close" or "drop", not "keep".'],
    [{ listen: [] }, "Option \"gateway.listen\" must be a list such as ['ws://127.0.0.1:8000']."],
    [{ listen: 'ws://127.0.0.1:1' }, "Option \"gateway.listen\" must be a list such as ['ws://127.0.0.1:8000']."],
    [{ secret: 5 }, 'Option "gateway.secret" must be a string, the same one on every node, or a list of such strings while it is being changed.'],
    [{ router: {} }, 'Option "gateway.router" must be an object with a method "choose".'],
    [{ observer: 'x' }, 'Option "gateway.observer" must be an object.'],
    [{ link: null }, 'Option "gateway.link" must be an object.'],
    [
      { commands: [{ definition: {} }] },
      'Option "gateway.commands" must be a list of custom commands: objects with a "definition" and an "execute".',
    ],
    [
      { lan: '127.0.0.1' },
      'Option "gateway.lan" must be written as host:port, such as 127.0.0.1:9327, not "127.0.0.1".',
    ],
    [
      { registers: ['127.0.0.1:9327', 'oops'], secret: 'given' },
      'Option "gateway.registers" must be written as host:port, such as 127.0.0.1:9327, not "oops".',
    ],
    [{ registers: ['127.0.0.1:0'] }, 'Option "gateway.registers" has port 0, where nobody can connect; write the port that "127.0.0.1" listens on.'],
  ]; // prettier-ignore
  for (const [given, message] of wrong) {
    it(`refuse ${JSON.stringify(given)}`, () => expect(refusal(given)).toBe(message));
  }

  it('are refused when they contradict each other', () => {
    expect(refusal({ pingIntervalMs: 1000, pongTimeoutMs: 1000 })).toBe(
      'Option "gateway.pongTimeoutMs" must be less than pingIntervalMs, which is 1000.',
    );
    expect(refusal({ pingIntervalMs: 0, pongTimeoutMs: 1000 })).toBe('taken');
    expect(refusal({ farewellMessage: 'grüße', maxMessageBytes: 6 })).toBe(
      'Option "gateway.farewellMessage" must have at most maxMessageBytes, which is 6, not 7 bytes.',
    );
    expect(refusal({ maxMessageBytes: 67_108_864 })).toBe(
      'Option "gateway.maxMessageBytes" must be at most 66977792, so that a message and a session of maxSessionBytes, which is 65536, fit a LAN frame of link.maxFrameBytes, which is 67108864.',
    );
    expect(refusal({ link: { highWaterMarkBytes: 4096, maxQueuedBytes: 4096 } })).toBe(
      'Option "gateway.link.highWaterMarkBytes" must be less than link.maxQueuedBytes, which is 4096: clients are paused at the one, and a worker is given up at the other.',
    );
    expect(refusal({ link: { maxQueuedBytes: 0 } })).toBe('taken');
    expect(refusal({ maxSessionBytes: 1_048_576, maxMessageBytes: 65_994_753 })).toContain(
      'at most 65994752',
    );
    expect(refusal({ maxSessionBytes: 1_048_576, maxMessageBytes: 65_994_752 })).toBe('taken');
    expect(refusal({ link: { maxFrameBytes: 131_072 } })).toBe(
      'Option "gateway.link.maxFrameBytes" must be more than 131072, so that a session of maxSessionBytes, which is 65536, fits a LAN frame, not 131072.',
    );
  });

  it('refuse pings and silence on links that are silent or one-way', () => {
    for (const name of ['pingIntervalMs', 'silenceTimeoutMs']) {
      expect(refusal({ link: { [name]: 0 } })).toBe(
        `Option "gateway.link.${name}" cannot be set: pings go one way, from workers ("workerSilenceTimeoutMs"), and links with commands are silent.`,
      );
    }
  });

  it('need an address that workers can dial', () => {
    const secret = 'given';
    expect(refusal({ secret, lan: '0.0.0.0:9108' })).toBe(
      `Option "gateway.advertise" is needed, as nobody can dial 0.0.0.0. Write the address by which workers reach this machine, ${LAN_HINT}`,
    );
    expect(refusal({ secret, lan: '0.0.0.0:9108', advertise: '0.0.0.0:9108' })).toContain(
      'is needed, as nobody can dial 0.0.0.0',
    );
    const base = { protocol: 'base' };
    expect(refusal({ ...base, lan: 'localhost:9108' })).toBe(
      `Option "gateway.advertise" is needed, as workers are told an IPv4 address and "localhost" is none. Write the one by which they reach this machine, ${LAN_HINT}`,
    );
    expect(refusal({ ...base, lan: '[::1]:9108' })).toContain('"::1" is none');
    expect(refusal({ ...base, advertise: 'gateway.local:9108' })).toContain(
      'Option "gateway.advertise" must have an IPv4 address for its host, such as 10.0.0.5:9108',
    );
    expect(refusal({ secret, lan: '0.0.0.0:9108', advertise: '10.0.0.5:9108' })).toBe('taken');
    // The extension says names and IPv6, too.
    for (const lan of ['localhost:9108', '[::1]:9108']) expect(refusal({ lan })).toBe('taken');
    expect(refusal({ advertise: 'gateway.example:9108' })).toBe('taken');
  });

  it('speak the base protocol with nodes of the original, and only then wait a minute for their pings', () => {
    expect(resolveGatewayOptions()).toMatchObject({ protocol: 'nestwire', workerSilenceTimeoutMs: 10_000 });
    const base = {
      protocol: 'base',
      workerSilenceTimeoutMs: 60_000,
      link: { maxHandshakeFrameBytes: 67_108_864 },
    };
    expect(resolveGatewayOptions({ serialization: 'php' })).toMatchObject(base);
    expect(resolveGatewayOptions({ protocol: 'base' })).toMatchObject(base);
    expect(refusal({ serialization: 'php', protocol: 'nestwire' })).toContain(
      'Option "gateway.protocol" must be left out',
    );
  });

  it('need a secret as soon as anything is not on loopback', () => {
    const tail = 'is not on loopback: anyone there could join. Set the same secret on all nodes.';
    expect(refusal({ lan: '10.0.0.5:9108' })).toBe(
      `Option "gateway.secret" must not be empty when 10.0.0.5:9108 ${tail}`,
    );
    expect(refusal({ registers: ['127.0.0.1:9327', '10.0.0.1:9327'] })).toBe(
      `Option "gateway.secret" must not be empty when 10.0.0.1:9327 ${tail}`,
    );
    expect(refusal({ lan: '10.0.0.5:9108', secret: 's' })).toBe('taken');
    expect(refusal({ lan: '127.0.0.2:0' })).toBe('taken');
  });

  it('throttle nobody unless they are told to', () => {
    expect(resolveGatewayOptions()).toMatchObject({
      maxMessagesPerSecond: 0,
      maxBytesPerSecond: 0,
      maxConnectionsPerAddress: 0,
      maxMessagesPerSecondPerAddress: 0,
      whenThrottled: 'delay',
    });
    const wrong = refusal({ whenThrottled: 'wait' as 'delay' });
    expect(wrong).toContain('Option "gateway.whenThrottled" must be');
    for (const name of ['delay', 'drop', 'close']) expect(wrong).toContain(name);
    expect(refusal({ throttleBurstMs: 99 })).toContain('Option "gateway.throttleBurstMs" must be');
    expect(refusal({ throttleBurstMs: 100 })).toBe('taken');
    expect(refusal({ maxMessagesPerSecond: -1 })).toContain('Option "gateway.maxMessagesPerSecond" must be');
    expect(refusal({ maxBytesPerSecond: 0.5 })).toContain('Option "gateway.maxBytesPerSecond" must be');
  });

  it('tell the others the port that was really taken', () => {
    const listening = { host: '127.0.0.1', port: 40_001 };
    const told = (advertise: string): unknown =>
      advertisedAddress({ advertise, protocol: 'base' }, listening);
    expect(told('')).toEqual(listening);
    expect(told('10.0.0.5:0')).toEqual({ host: '10.0.0.5', port: 40_001 });
    expect(told('10.0.0.5:7')).toEqual({ host: '10.0.0.5', port: 7 });
  });
});
