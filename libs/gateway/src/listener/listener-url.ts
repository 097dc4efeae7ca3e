import { InvalidOptionError, closest } from '#protocol';
import { WHEN_SLOW, type WhenSlow } from '../connection/when-slow.js';

export type WsMessageKind = 'auto' | 'text' | 'binary';
export type TcpFrame = 'raw' | 'newline' | 'length';

export interface WsListenerOptions {
  readonly kind: 'ws';
  readonly host: string;
  readonly port: number;
  /** Only upgrades to this path are taken; undefined takes any. */
  readonly path: string | undefined;
  /**
   * Commands carry bytes and do not say whether they are text. `auto` sends valid UTF-8 as text and anything else as binary;
   * an application whose messages are all binary says `binary`, so that a browser never gets a string.
   */
  readonly send: WsMessageKind;
  /** Undefined: as the gateway's option `whenSlow` says. */
  readonly slow: WhenSlow | undefined;
}

export interface TcpListenerOptions {
  readonly kind: 'tcp';
  readonly host: string;
  readonly port: number;
  /** How messages are told apart, both ways: `raw` as they arrive, `newline` by LF, `length` by a u32 before each. */
  readonly frame: TcpFrame;
  readonly slow: WhenSlow | undefined;
}

export type ListenerOptions = WsListenerOptions | TcpListenerOptions;

const EXAMPLE = 'ws://127.0.0.1:8000 or tcp://127.0.0.1:8001?frame=newline';
const SENDS: readonly WsMessageKind[] = ['auto', 'text', 'binary'];
const FRAMES: readonly TcpFrame[] = ['raw', 'newline', 'length'];

/**
 * @param option the option that the URL stands in, for the error
 * @throws InvalidOptionError with what to write instead
 */
export function parseListenerUrl(text: string, option: string): ListenerOptions {
  const refuse = (problem: string): never => {
    throw new InvalidOptionError(option, `has "${text}", ${problem}. Write for example ${EXAMPLE}.`);
  };
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return refuse('which is no URL');
  }
  const scheme = url.protocol.slice(0, -1);
  if (scheme !== 'ws' && scheme !== 'tcp') return refuse(`and "${scheme}" is no kind of listener`);
  // `ws` has a default port, which the URL parser leaves out; a gateway that took 80 unasked would surprise.
  const port = /^[a-z]+:\/\/[^/?#]*:(\d+)(?:[/?#]|$)/i.exec(text.trim())?.[1];
  if (port === undefined) return refuse('without a port (0 takes a free one)');
  const place = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
  const parameter = (name: string): string | undefined => url.searchParams.get(name) ?? undefined;
  if (url.username !== '' || url.password !== '') return refuse('and a listener has no user or password');
  if (url.hash !== '') return refuse(`and a listener has no "${url.hash}"`);
  if (scheme === 'tcp' && url.pathname !== '' && url.pathname !== '/')
    return refuse(`and raw TCP has no path such as "${url.pathname}"`);
  const known = scheme === 'ws' ? ['send', 'slow'] : ['frame', 'slow'];
  for (const name of url.searchParams.keys()) {
    if (!known.includes(name)) refuse(`and "${name}" is not known. Did you mean "${closest(name, known)}"?`);
  }
  const slow = parameter('slow');
  if (slow !== undefined && !isOneOf(WHEN_SLOW, slow))
    return refuse(`and slow must be ${WHEN_SLOW.join(', ')}`);
  if (scheme === 'ws') {
    const send = parameter('send') ?? 'auto';
    if (!isOneOf(SENDS, send)) return refuse(`and send must be ${SENDS.join(', ')}`);
    return { kind: 'ws', ...place, path: url.pathname === '/' ? undefined : url.pathname, send, slow };
  }
  const frame = parameter('frame') ?? 'raw';
  if (!isOneOf(FRAMES, frame)) return refuse(`and frame must be ${FRAMES.join(', ')}`);
  return { kind: 'tcp', ...place, frame, slow };
}

function isOneOf<T extends string>(allowed: readonly T[], value: string): value is T {
  return (allowed as readonly string[]).includes(value);
}
