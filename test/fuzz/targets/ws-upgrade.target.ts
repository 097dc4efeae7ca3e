import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import {
  decodeUpgradeRequest,
  encodeUpgradeRequest,
  jsonSessionCodec,
  phpSessionCodec,
  type UpgradeRequest,
} from '#protocol';
import { upgradeRequestOf } from '../../../libs/gateway/src/listener/upgrade-request.js';
import { holds, type FuzzTarget } from '../contract.js';
import { words } from '../seeds.js';

const socket = new Socket();

/** The request as Node's own parser would hand it over: any target and any header values, as Latin-1 text. */
function requestIn(bytes: Buffer): IncomingMessage {
  const [target = '', ...lines] = bytes.toString('latin1').split('\r\n');
  const request = new IncomingMessage(socket);
  request.method = 'GET';
  request.url = target;
  const headers = Object.create(null) as Record<string, string>;
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  Object.defineProperty(request, 'headers', { value: headers });
  return request;
}

/** What our code makes of an upgrade request that Node's parser has let through: path, query, headers and cookies for the workers. */
export const wsUpgrade: FuzzTarget = {
  name: 'ws-upgrade',
  parsers: ['upgradeRequestOf'],
  seeds: words(
    '/rooms/7?a=1&b=x%20y&a=2&__proto__=p\r\nhost: gateway.test\r\ncookie: sid=s%3D1; broken=%E0%A4%A; empty=\r\nx-n: \xe9',
    '/\r\nhost: a',
    '*\r\n',
    'http://other/abs?%ff=%\r\norigin: https://example.test\r\ncookie: =; ;__proto__=1;a',
  ),
  dictionary: words(
    '\r\ncookie: ',
    '; ',
    '=',
    '%',
    '%ff',
    '%ed%a0%80',
    '?',
    '&',
    '+',
    '__proto__',
    '\r\n',
    ': ',
  ),
  run(bytes) {
    const request = upgradeRequestOf(requestIn(bytes), '192.0.2.7');
    for (const codec of [jsonSessionCodec, phpSessionCodec]) {
      const told = decodeUpgradeRequest(codec, encodeUpgradeRequest(codec, 1, request));
      holds(
        isDeepStrictEqual(plain(told), plain(request)),
        () => `${bytes.toString('latin1')} is told in ${codec.name} as ${JSON.stringify(told)}`,
      );
    }
    return 'accepted';
  },
};

/** PHP orders integer keys: only what a record says counts, not in which order. */
function plain(request: UpgradeRequest): unknown {
  const sorted = (record: Readonly<Record<string, string>>): unknown =>
    Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  const { headers, cookies, query, ...rest } = request;
  return { ...rest, headers: sorted(headers), cookies: sorted(cookies), query: sorted(query) };
}
