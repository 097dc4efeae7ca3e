import { ProtocolError } from './errors.js';
import type { SessionCodec } from './serialization/index.js';

export type TextRecord = Readonly<Record<string, string>>;

/** The HTTP request with which a WebSocket client connected: the details of an Open event. */
export interface UpgradeRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** As sent, without `?`; empty when there was none. */
  readonly queryString: string;
  /** Percent-decoded; of a key that occurs more than once, the last. */
  readonly query: TextRecord;
  /** Names in lower case. */
  readonly headers: TextRecord;
  readonly cookies: TextRecord;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly serverAddress: string;
  readonly serverPort: number;
  /** When it came, in milliseconds since 1970. */
  readonly receivedAtMs: number;
}

export function encodeUpgradeRequest(
  codec: SessionCodec,
  connectionId: number,
  request: UpgradeRequest,
): Buffer {
  const seconds = Math.floor(request.receivedAtMs / 1000);
  return codec.encodePlain({
    fd: connectionId,
    streamId: 0,
    header: codec.name === 'php' ? headerBytes(request.headers) : request.headers,
    server: {
      ...(request.queryString === '' ? {} : { query_string: request.queryString }),
      request_method: request.method,
      request_uri: request.path,
      path_info: request.path,
      request_time: seconds,
      request_time_float: request.receivedAtMs / 1000,
      server_protocol: 'HTTP/1.1',
      server_port: request.serverPort,
      remote_port: request.remotePort,
      server_addr: request.serverAddress,
      remote_addr: request.remoteAddress,
      master_time: seconds,
    },
    cookie: nullIfEmpty(request.cookies),
    get: nullIfEmpty(request.query),
    files: null,
    post: null,
    tmpfiles: null,
  });
}

/** @throws ProtocolError unless the bytes are such a request. Keys that are missing read as empty. */
export function decodeUpgradeRequest(codec: SessionCodec, bytes: Uint8Array): UpgradeRequest {
  const wire = codec.decode(bytes);
  if (!isRecord(wire) || Array.isArray(wire)) {
    throw new ProtocolError('ERR_NESTWIRE_MALFORMED', 'The upgrade request of an Open event is no record');
  }
  const { header, server, cookie, get } = wire;
  const facts = isRecord(server) ? server : {};
  return {
    method: textOf(facts['request_method']),
    path: textOf(facts['request_uri']),
    queryString: textOf(facts['query_string']),
    query: textRecord(get),
    headers: textRecord(header, codec.name === 'php' ? latin1Of : textOf),
    cookies: textRecord(cookie),
    remoteAddress: textOf(facts['remote_addr']),
    remotePort: numberOf(facts['remote_port']),
    serverAddress: textOf(facts['server_addr']),
    serverPort: numberOf(facts['server_port']),
    receivedAtMs: Math.round(numberOf(facts['request_time_float'], 1000)),
  };
}

/** HTTP headers are bytes, which Node gives as Latin-1 text. PHP's strings are bytes too. */
function headerBytes(headers: TextRecord): Record<string, Buffer> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Buffer.from(value, 'latin1')]),
  );
}

function nullIfEmpty(record: TextRecord): TextRecord | null {
  return Object.keys(record).length === 0 ? null : record;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
}

/** Without a prototype, so that a header called `constructor` or `__proto__` is a header and nothing else. */
function textRecord(value: unknown, read: (entry: unknown) => string = textOf): TextRecord {
  const record = Object.create(null) as Record<string, string>;
  if (isRecord(value)) for (const [key, entry] of Object.entries(value)) record[key] = read(entry);
  return record;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : '';
}

/** Bytes that happen to be UTF-8 come as text: of a header, they are Latin-1 like any other. */
function latin1Of(value: unknown): string {
  return typeof value === 'string' ? Buffer.from(value, 'utf8').toString('latin1') : textOf(value);
}

/** JSON can say numbers that are too large (1e999), and PHP INF and NAN: nothing of that is a port or a time. */
function numberOf(value: unknown, factor = 1): number {
  const number = typeof value === 'number' ? value * factor : 0;
  return Number.isFinite(number) ? number : 0;
}
