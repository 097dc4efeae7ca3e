import { createHash, randomBytes } from 'node:crypto';

const ACCEPT_SALT = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const END_OF_HEAD = '\r\n\r\n';
const MAX_HEAD_BYTES = 32 * 1024;

export interface UpgradeTarget {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Whole lines such as `Cookie: a=b`. */
  readonly headers: readonly string[];
}

/** The server's answer to an upgrade request, as far as it has come. */
export type UpgradeAnswer =
  | { readonly is: 'incomplete' }
  | { readonly is: 'refused'; readonly reason: string }
  /** Frames begin at `headBytes`. */
  | { readonly is: 'accepted'; readonly headBytes: number };

/** The request that every connection sends, built once: one key does for all connections of a run. */
export class Upgrade {
  readonly request: Buffer;
  readonly #accept: string;

  constructor({ host, port, path, headers }: UpgradeTarget) {
    const key = randomBytes(16).toString('base64');
    this.#accept = createHash('sha1')
      .update(key + ACCEPT_SALT)
      .digest('base64');
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: ${host.includes(':') ? `[${host}]` : host}:${port}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Key: ${key}`,
      'Sec-WebSocket-Version: 13',
      ...headers,
    ];
    this.request = Buffer.from(lines.join('\r\n') + END_OF_HEAD);
  }

  /** @param bytes all that has come so far */
  read(bytes: Buffer): UpgradeAnswer {
    const end = bytes.indexOf(END_OF_HEAD);
    if (end < 0 && bytes.length <= MAX_HEAD_BYTES) return { is: 'incomplete' };
    const head = bytes.toString('latin1', 0, Math.max(end, 0));
    if (!head.startsWith('HTTP/1.1 101')) return refused(`not a 101 answer: ${head.split('\r\n')[0]}`);
    const accept = /\r\nsec-websocket-accept:[ \t]*([^\r\n]*)/i.exec(head)?.[1]?.trim();
    if (accept !== this.#accept) return refused(`Sec-WebSocket-Accept is ${accept}, not ${this.#accept}`);
    return { is: 'accepted', headBytes: end + END_OF_HEAD.length };
  }
}

function refused(reason: string): UpgradeAnswer {
  return { is: 'refused', reason };
}
