import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, RECORDED_WORKER_EVENTS, recordedFrames } from '../../../test/golden/golden-data.js';
import { ProtocolError } from './errors.js';
import { jsonSessionCodec, phpSessionCodec } from './serialization/index.js';
import { decodeUpgradeRequest, encodeUpgradeRequest, type UpgradeRequest } from './upgrade-request.js';

const recordedOpens = recordedFrames('EVENT_OPEN');
const seenOpens = RECORDED_WORKER_EVENTS.filter((row) => row.event === 'open').map((row) => row.request!);

const CHAT: UpgradeRequest = {
  method: 'GET',
  path: '/chat',
  queryString: 'room=1&name=bob',
  query: { room: '1', name: 'bob' },
  headers: {
    'sec-websocket-version': '13',
    'sec-websocket-key': 'SZkf2MXPO8jKd33aiWT7Lw==',
    connection: 'Upgrade',
    upgrade: 'websocket',
    host: '127.0.0.1:8000',
  },
  cookies: { sid: 'abc' },
  remoteAddress: '127.0.0.1',
  remotePort: 45_148,
  serverAddress: '127.0.0.1',
  serverPort: 8000,
  receivedAtMs: 1_795_410_383_567,
};

describe('the recorded upgrade requests', () => {
  it('are three', () => {
    expect(recordedOpens).toHaveLength(3);
    expect(seenOpens).toHaveLength(3);
  });

  it('are read to the last field', () => {
    const [chat, plain, compressing] = recordedOpens.map(({ extra_hex: hex }) =>
      decodeUpgradeRequest(phpSessionCodec, fromHex(hex!)),
    );
    expect(chat).toEqual(CHAT);
    expect(plain).toMatchObject({ path: '/', queryString: '', query: {}, cookies: { sid: 'abc' } });
    expect(compressing).toMatchObject({ cookies: {}, remotePort: 56_996, receivedAtMs: 1_795_410_473_165 });
    expect(compressing!.headers['sec-websocket-extensions']).toBe(
      'permessage-deflate; client_max_window_bits',
    );
  });

  it.each([0, 1, 2])('are the bytes that we write given the same values: number %i', (index) => {
    const { extra_hex: hex, fd } = recordedOpens[index]!;
    const { server } = seenOpens[index] as { server: { request_time_float: number } };
    const request: UpgradeRequest = {
      ...decodeUpgradeRequest(phpSessionCodec, fromHex(hex!)),
      // The original knows microseconds.
      receivedAtMs: server.request_time_float * 1000,
    };
    expect(encodeUpgradeRequest(phpSessionCodec, fd!, request).toString('latin1')).toBe(
      fromHex(hex!).toString('latin1'),
    );
  });

  it("have the values that the original's handler saw", () => {
    for (const [index, { extra_hex: hex }] of recordedOpens.entries()) {
      expect(phpSessionCodec.decode(fromHex(hex!))).toEqual(seenOpens[index]);
    }
  });
});

describe.each([jsonSessionCodec, phpSessionCodec])('an upgrade request in $name', (codec) => {
  const text = fc.string({ unit: 'binary', maxLength: 12 });
  // Keys that PHP would take for integers come back in another order, yet as the same keys.
  const record = fc.dictionary(fc.oneof(text, fc.constantFrom('__proto__', 'constructor', '7', '-1')), text, {
    maxKeys: 5,
  });
  // What Node makes of a header's bytes: characters up to U+00FF.
  const headers = fc.dictionary(
    text,
    fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  );
  const requests: fc.Arbitrary<UpgradeRequest> = fc.record({
    method: text,
    path: text,
    queryString: text,
    query: record,
    headers,
    cookies: record,
    remoteAddress: text,
    remotePort: fc.nat(65_535),
    serverAddress: text,
    serverPort: fc.nat(65_535),
    receivedAtMs: fc.nat(4_000_000_000_000),
  });

  function entries(request: UpgradeRequest): unknown {
    const { query, headers, cookies, ...facts } = request;
    return { ...facts, lists: [query, headers, cookies].map((list) => new Map(Object.entries(list))) };
  }

  it('comes back as it was written', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const read = decodeUpgradeRequest(codec, encodeUpgradeRequest(codec, 7, request));
        expect(entries(read)).toEqual(entries(request));
      }),
    );
  });

  it('says nothing where there was nothing', () => {
    const bare = { ...CHAT, queryString: '', query: {}, cookies: {} };
    const wire = codec.decode(encodeUpgradeRequest(codec, 7, bare)) as Record<string, unknown>;
    expect(wire).toMatchObject({ fd: 7, cookie: null, get: null, files: null, post: null, tmpfiles: null });
    expect(wire['server']).not.toHaveProperty('query_string');
    expect(decodeUpgradeRequest(codec, encodeUpgradeRequest(codec, 7, bare))).toEqual(bare);
  });

  it('gives a value or a typed error for bytes that are others, or cut short', () => {
    const whole = encodeUpgradeRequest(codec, 7, CHAT);
    const changed = fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, byte]) => {
      const bytes = Buffer.from(whole);
      bytes[at] = byte;
      return bytes;
    });
    const cut = fc.nat(whole.length).map((end) => whole.subarray(0, end));
    fc.assert(
      fc.property(fc.oneof(changed, cut, fc.uint8Array()), (bytes) => {
        try {
          const { headers, receivedAtMs } = decodeUpgradeRequest(codec, bytes);
          expect(typeof receivedAtMs).toBe('number');
          expect(Object.values(headers).every((value) => typeof value === 'string')).toBe(true);
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
          expect(['ERR_NESTWIRE_MALFORMED', 'ERR_NESTWIRE_SERIALIZATION']).toContain(error.code);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('what a peer may have written differently', () => {
  function decode(wire: unknown): UpgradeRequest {
    return decodeUpgradeRequest(jsonSessionCodec, Buffer.from(JSON.stringify(wire)));
  }

  it('reads keys that are missing as empty', () => {
    expect(decode({ fd: 1 })).toEqual({
      method: '',
      path: '',
      queryString: '',
      query: {},
      headers: {},
      cookies: {},
      remoteAddress: '',
      remotePort: 0,
      serverAddress: '',
      serverPort: 0,
      receivedAtMs: 0,
    });
  });

  it('reads values of another type as what they say, or as nothing', () => {
    const read = decode({
      server: { request_method: 5, request_uri: ['x'], remote_port: '80', request_time_float: null },
      header: { host: true, age: 7, list: ['a'] },
      get: ['first', 'second'],
    });
    expect(read).toMatchObject({ method: '5', path: '', remotePort: 0, receivedAtMs: 0 });
    expect({ ...read.headers }).toEqual({ host: '', age: '7', list: '' });
    expect({ ...read.query }).toEqual({ 0: 'first', 1: 'second' });
  });

  it('reads numbers that are none as 0: no port and no time is infinite', () => {
    const json = '{"server":{"remote_port":1e999,"server_port":-1e999,"request_time_float":1e308}}';
    const nothing = { remotePort: 0, serverPort: 0, receivedAtMs: 0 };
    expect(decodeUpgradeRequest(jsonSessionCodec, Buffer.from(json))).toMatchObject(nothing);
    const php = 'a:1:{s:6:"server";a:2:{s:11:"remote_port";d:INF;s:18:"request_time_float";d:NAN;}}';
    expect(decodeUpgradeRequest(phpSessionCodec, Buffer.from(php))).toMatchObject(nothing);
  });

  it('keeps a header called __proto__ a header', () => {
    const read = decodeUpgradeRequest(
      jsonSessionCodec,
      Buffer.from('{"header":{"__proto__":"x","constructor":"y"}}'),
    );
    expect(Object.entries(read.headers)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(read.headers['toString']).toBeUndefined();
  });

  it.each([
    ['null', jsonSessionCodec, 'null'],
    ['a number', jsonSessionCodec, '5'],
    ['a list', jsonSessionCodec, '[1]'],
    ['a text', phpSessionCodec, 's:1:"x";'],
    ['bytes', phpSessionCodec, 's:1:"\xff";'],
  ] as const)('refuses what is no record: %s', (_name, codec, bytes) => {
    const read = () => decodeUpgradeRequest(codec, Buffer.from(bytes, 'latin1'));
    expect(read).toThrow(ProtocolError);
    expect(read).toThrow(
      expect.objectContaining({
        code: 'ERR_NESTWIRE_MALFORMED',
        message: 'The upgrade request of an Open event is no record',
      }),
    );
  });
});
