import type { IncomingMessage } from 'node:http';
import type { TextRecord, UpgradeRequest } from '#protocol';
import { pathOf } from './ws.adapter.js';

/** The request as workers get it. Nothing in it is trusted: whatever cannot be decoded is passed on as it came. */
export function upgradeRequestOf(request: IncomingMessage, remoteAddress: string): UpgradeRequest {
  const target = request.url ?? '/';
  const path = pathOf(request);
  const queryString = target.slice(path.length + 1);
  return {
    method: request.method ?? 'GET',
    path,
    queryString,
    query: record(new URLSearchParams(queryString)),
    headers: headersOf(request),
    cookies: record(cookiesOf(request.headers.cookie ?? '')),
    remoteAddress,
    remotePort: request.socket.remotePort ?? 0,
    serverAddress: plainAddress(request.socket.localAddress),
    serverPort: request.socket.localPort ?? 0,
    receivedAtMs: Date.now(),
  };
}

/** `::ffff:192.0.2.1`, which a dual-stack socket reports, is 192.0.2.1. */
export function plainAddress(address: string | undefined): string {
  return address?.replace(/^::ffff:(?=\d+\.)/, '') ?? '';
}

/** Without the cookies, which stand apart, as the original's requests have them. */
function headersOf(request: IncomingMessage): TextRecord {
  return record(
    Object.entries(request.headers)
      .filter(([name]) => name !== 'cookie')
      .map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
}

function* cookiesOf(header: string): IterableIterator<readonly [string, string]> {
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0) yield [pair.slice(0, equals).trim(), decoded(pair.slice(equals + 1).trim())];
  }
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Without a prototype: names come from strangers. */
function record(entries: Iterable<readonly [string, string]>): TextRecord {
  const result = Object.create(null) as Record<string, string>;
  for (const [name, value] of entries) result[name] = value;
  return result;
}
