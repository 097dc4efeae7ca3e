import { describe, expect, it } from 'vitest';
import { until } from '../../../../test/links/link-kit.js';
import { RawClient, upgradeRequest, WsClient } from '../test/clients.js';
import { decoded, TestGateway } from '../test/test-gateway.js';

const HANDSHAKE_ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

function ws(options: Parameters<typeof TestGateway.start>[0] = {}): Promise<TestGateway> {
  return TestGateway.start({ listen: ['ws://127.0.0.1:0'], ...options });
}

describe('an upgrade', () => {
  it('is taken on any path unless the listener names one', async () => {
    const node = await ws();
    for (const path of ['', '/', '/chat', '/a/b?c=d', '/%2F']) await WsClient.open(`${node.ws}${path}`);
    await node.connected(5);
  });

  it('is taken on the named path alone, and gets a 404 elsewhere', async () => {
    const node = await ws({ listen: ['ws://127.0.0.1:0/chat'] });
    expect(node.ws).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/chat$/);
    await WsClient.open(node.ws);
    await WsClient.open(`${node.ws}?room=1`);
    await node.connected(2);
    for (const target of ['/', '/chat/', '/chatter', '/Chat']) {
      const client = await RawClient.dial(node.ws);
      client.write(upgradeRequest(target));
      await client.closed();
      expect(client.text).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    }
    expect(node.stats.badClientBytes).toBe(4);
    expect(node.gateway.table.size).toBe(2);
  });

  it('tells workers the request as the client sent it', async () => {
    const node = await ws();
    const worker = await node.worker();
    const before = Date.now();
    const client = await RawClient.dial(node.ws);
    client.write(
      upgradeRequest('/rooms/7?a=1&b=x%20y&a=2&__proto__=p', [
        'Cookie: sid=s%3D1; theme=dark; broken=%E0%A4%A; empty=',
        'X-Many: one',
        'X-Many: two',
        'Origin: https://example.test',
      ]),
    );
    await client.until((text) => text.includes(HANDSHAKE_ACCEPT), 'the upgrade is accepted');
    const { connectionId, session, details } = await worker.event('open');
    const request = decoded(details) as Record<string, Record<string, unknown>>;
    expect(session.length).toBe(0);
    expect(request).toMatchObject({
      fd: connectionId,
      cookie: { sid: 's=1', theme: 'dark', broken: '%E0%A4%A', empty: '' },
      header: { 'host': 'gateway.test', 'x-many': 'one, two', 'origin': 'https://example.test' },
      server: {
        request_method: 'GET',
        request_uri: '/rooms/7',
        path_info: '/rooms/7',
        query_string: 'a=1&b=x%20y&a=2&__proto__=p',
        server_protocol: 'HTTP/1.1',
        server_addr: '127.0.0.1',
        server_port: Number(new URL(node.ws!).port),
        remote_addr: '127.0.0.1',
        remote_port: client.socket.localPort,
      },
      files: null,
      post: null,
    }); // prettier-ignore
    expect(Object.entries(request['get']!)).toEqual([['a', '2'], ['b', 'x y'], ['__proto__', 'p']]); // prettier-ignore
    const receivedMs = (request['server']!['request_time_float'] as number) * 1000;
    expect(receivedMs).toBeGreaterThanOrEqual(before - 1);
    expect(receivedMs).toBeLessThanOrEqual(Date.now() + 1);
  });

  it('is told in PHP in interop mode', async () => {
    const node = await ws({ serialization: 'php' });
    const worker = await node.worker();
    await WsClient.open(`${node.ws}/x?n=5`);
    const { details } = await worker.event('open');
    expect(details.toString()).toMatch(/^a:9:\{s:2:"fd";i:\d+;s:8:"streamId";i:0;s:6:"header";a:/);
    expect(details.toString()).toContain('s:3:"get";a:1:{s:1:"n";s:1:"5";}');
  });

  const invalid: readonly (readonly [string, string, RegExp])[] = [
    ['of a wrong version', upgradeRequest('/', [], 99), /^HTTP\/1\.1 400 .*Sec-WebSocket-Version: 13/s],
    ['without a key', upgradeRequest('/').replace(/Sec-WebSocket-Key.*\r\n/, ''), /^HTTP\/1\.1 400 /],
    [
      'to something else',
      upgradeRequest('/').replace('Upgrade: websocket', 'Upgrade: h2c'),
      /^HTTP\/1\.1 400 /,
    ],
    ['by POST', upgradeRequest('/').replace('GET', 'POST'), /^HTTP\/1\.1 405 /],
  ];
  for (const [what, request, answer] of invalid) {
    it(`${what} is answered and counted, and is no client`, async () => {
      const node = await ws();
      const client = await RawClient.dial(node.ws);
      client.write(request);
      await client.closed();
      expect(client.text).toMatch(answer);
      expect(node.stats.badClientBytes).toBe(1);
      expect(node.stats.connectionsOpened).toBe(0);
    });
  }

  it('may bring its first message along in the same packet', async () => {
    const node = await ws();
    const worker = await node.worker();
    const client = await RawClient.dial(node.ws);
    const hello = Buffer.concat([Buffer.from([0x81, 0x82, 0, 0, 0, 0]), Buffer.from('hi')]);
    client.write(Buffer.concat([Buffer.from(upgradeRequest('/')), hello]));
    await worker.received(2);
    expect(worker.texts).toEqual(['hi']);
  });
});

describe('what is no upgrade', () => {
  it('gets a short answer with 426 when it is plain HTTP', async () => {
    const node = await ws({ listen: ['ws://127.0.0.1:0/chat'] });
    for (const method of ['GET', 'POST', 'HEAD']) {
      const response = await fetch(node.ws!.replace('ws:', 'http:'), { method });
      expect(response.status).toBe(426);
      expect(response.headers.get('upgrade')).toBe('websocket');
      expect(response.headers.get('connection')).toMatch(/close/);
      const text = 'This port speaks WebSocket. Connect to it with a WebSocket client.\n';
      expect(await response.text()).toBe(method === 'HEAD' ? '' : text);
    }
    expect(node.stats.connectionsOpened).toBe(0);
  });

  it('is answered and counted when it is not even HTTP', async () => {
    const node = await ws();
    for (const [bytes, status] of [
      ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', '400 Bad Request'],
      ['NONSENSE\r\n\r\n', '400 Bad Request'],
      [`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, '431 Request Header Fields Too Large'],
    ] as const) {
      const client = await RawClient.dial(node.ws);
      client.write(Buffer.from(bytes, 'latin1'));
      await client.closed();
      expect(client.text).toMatch(new RegExp(`^HTTP/1\\.1 ${status}\r\n`));
    }
    expect(node.stats.badClientBytes).toBe(3);
  });

  it('is no client, and is dropped after upgradeTimeoutMs', async () => {
    const node = await ws({ upgradeTimeoutMs: 300 });
    const silent = await RawClient.dial(node.ws);
    const slow = await RawClient.dial(node.ws);
    slow.write('GET / HTTP/1.1\r\nHost: a\r\n');
    const started = performance.now();
    await silent.closed();
    await slow.closed();
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(slow.text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(node.gateway.table.size).toBe(0);
    expect(node.stats.connectionsOpened).toBe(0);
  });

  it('does not end the upgraded clients with it', async () => {
    const node = await ws({ upgradeTimeoutMs: 200 });
    const client = await WsClient.open(node.ws);
    const silent = await RawClient.dial(node.ws);
    await silent.closed();
    await node.connected(1);
    expect(client.closing).toBeUndefined();
  });

  it('does not keep the gateway from closing', async () => {
    const node = await ws();
    const silent = await RawClient.dial(node.ws);
    const half = await RawClient.dial(node.ws);
    half.write('GET / HTTP/1.1\r\n');
    await until(() => half.socket.bytesWritten > 0, 'the half request is sent');
    await node.gateway.close();
    await silent.closed();
    await half.closed();
  });
});

describe('a full gateway', () => {
  it('closes one client more with 1013, counts it, and tells no worker of it', async () => {
    const node = await TestGateway.start({ maxConnections: 2 });
    const worker = await node.worker();
    const first = await WsClient.open(node.ws);
    await RawClient.dial(node.tcp);
    await node.connected(2);
    const refused = await WsClient.open(node.ws);
    expect(await refused.closed()).toEqual({ code: 1013, reason: 'the gateway is full' });
    const refusedTcp = await RawClient.dial(node.tcp);
    await refusedTcp.closed();
    expect(node.stats.connectionsRefused).toBe(2);
    expect(node.stats.closedWith[1013]).toBe(2);
    first.socket.close();
    await node.connected(1);
    const next = await WsClient.open(node.ws);
    next.send('I am in');
    await until(() => worker.texts.length === 1, 'the message has come');
    expect(worker.events.map(({ type }) => type)).toEqual(['open', 'connect', 'close', 'open', 'message']);
  });

  it('is not crashed by what a refused client still says', async () => {
    const node = await ws({ maxConnections: 1 });
    await WsClient.open(node.ws);
    const refused = await RawClient.upgrade(node.ws);
    refused.write(Buffer.from('\xff\xff not a frame at all', 'latin1'));
    await refused.closed();
    await node.connected(1);
  });
});
