import { phpSessionCodec } from '#protocol';

const MASKED = 0x80;
const CLOSE = 0x88;
const PORT_BYTES = 2;
const LENGTH_BYTES = 4;
const SYSTEM = Buffer.from('a:');

/** What of an Open event differs from run to run: clocks, ports, and the connection's own id. */
const RUN_TIME_FIELDS: readonly RegExp[] = [
  /(?<=s:2:"fd";)i:\d+/g,
  /(?<=s:12:"request_time";)i:\d+/g,
  /(?<=s:18:"request_time_float";)d:[\d.]+/g,
  /(?<=s:11:"master_time";)i:\d+/g,
  /(?<=s:11:"(?:server|remote)_port";)i:\d+/g,
];

/** An Open event with a dot for everything that differs from run to run, and every other byte as it is. */
export function comparableOpen(payload: Buffer): string {
  return RUN_TIME_FIELDS.reduce((text, field) => {
    const dotted = text.replaceAll(field, '·');
    if (dotted === text) throw new Error(`An Open event without ${field.source}: ${text}`);
    return dotted;
  }, payload.toString('latin1'));
}

/** Of the answer to an upgrade what a client looks at. */
export function comparableUpgradeAnswer(head: string): Record<string, string | undefined> {
  const [status = '', ...lines] = head.split('\r\n');
  const headers = new Map(
    lines.filter(Boolean).map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return {
    status,
    upgrade: headers.get('upgrade'),
    connection: headers.get('connection'),
    accept: headers.get('sec-websocket-accept'),
    extensions: headers.get('sec-websocket-extensions'),
    protocol: headers.get('sec-websocket-protocol'),
  };
}

/** A reply with all fields of a client: what stands before its port as text, the port, and the facts about the socket. */
export function comparableSystem(payload: Buffer): {
  before: string;
  port: number;
  system: Record<string, unknown>;
} {
  const at = payload.lastIndexOf(SYSTEM);
  const start = payload.subarray(0, at).length;
  const length = payload.readUInt32BE(start - LENGTH_BYTES);
  if (start + length !== payload.length) throw new Error('The facts about the socket are not the last field');
  return {
    before: payload.subarray(0, start - LENGTH_BYTES - PORT_BYTES).toString('latin1'),
    port: payload.readUInt16BE(start - LENGTH_BYTES - PORT_BYTES),
    system: phpSessionCodec.decode(payload.subarray(start)) as Record<string, unknown>,
  };
}

/** A close frame as a server sends it. */
export function closeFrame(code: number, reason: string): Buffer {
  const body = Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason)]);
  return Buffer.concat([Buffer.of(CLOSE, body.length), body]);
}

/** The same from a client, masked with zeros. */
export function maskedCloseFrame(code: number): Buffer {
  return Buffer.of(CLOSE, MASKED | 2, 0, 0, 0, 0, code >> 8, code & 0xff);
}
