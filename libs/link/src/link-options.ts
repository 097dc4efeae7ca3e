import { DEFAULT_MAX_FRAME_BYTES, resolveOptions, wholeNumber, type OptionChecks } from '#protocol';

const MiB = 1024 * 1024;

export interface LinkOptions {
  /**
   * Largest frame taken from the peer, header included. A larger one ends the link before anything of it is buffered.
   * @default 67_108_864 (64 MiB)
   */
  readonly maxFrameBytes: number;
  /**
   * The same before the link is open: a stranger gets little memory.
   * @default 4_096
   */
  readonly maxHandshakeFrameBytes: number;
  /**
   * How long connecting and handshake may take together. 0 waits for ever.
   * @default 3_000
   */
  readonly handshakeTimeoutMs: number;
  /**
   * Most bytes that may wait unsent. Above it the link is destroyed with `SlowPeerError`: a peer that never reads
   * must not hold our memory. 0 disables the limit.
   * @default 67_108_864 (64 MiB)
   */
  readonly maxQueuedBytes: number;
  /**
   * From this many unsent bytes on the link is congested, until all of them are sent: the handler is told,
   * so that it can stop what produces them. Less than the socket's own mark (16 KiB, on newer Node 64 KiB) means that one.
   * @default 16_777_216 (16 MiB)
   */
  readonly highWaterMarkBytes: number;
  /**
   * Send a ping so often, so that the peer does not take us for dead. 0 sends none: base command links are silent.
   * @default 0
   */
  readonly pingIntervalMs: number;
  /**
   * Destroy the link when the peer has sent nothing for so long. 0 waits for ever: right for whoever dials, because
   * pings of the base protocol go one way and are never answered.
   * @default 0
   */
  readonly silenceTimeoutMs: number;
  /**
   * Idle time after which TCP itself probes the peer: what notices a pulled cable where there are no pings. 0 turns it off.
   * @default 30_000
   */
  readonly keepAliveMs: number;
  /**
   * How long `close()` waits for the peer to take what is queued and to close its side; also how long a peer that has
   * closed its side may take nothing of what is queued for it. 0 waits not at all in `close()`, and for ever for such a peer.
   * @default 1_000
   */
  readonly closeTimeoutMs: number;
}

export const DEFAULT_LINK_OPTIONS: LinkOptions = {
  maxFrameBytes: DEFAULT_MAX_FRAME_BYTES,
  maxHandshakeFrameBytes: 4096,
  handshakeTimeoutMs: 3_000,
  maxQueuedBytes: 64 * MiB,
  highWaterMarkBytes: 16 * MiB,
  pingIntervalMs: 0,
  silenceTimeoutMs: 0,
  keepAliveMs: 30_000,
  closeTimeoutMs: 1_000,
};

const CHECKS: OptionChecks<LinkOptions> = {
  maxFrameBytes: wholeNumber(9, 0xffff_ffff),
  maxHandshakeFrameBytes: wholeNumber(9, 0xffff_ffff),
  handshakeTimeoutMs: wholeNumber(0),
  maxQueuedBytes: wholeNumber(0),
  highWaterMarkBytes: wholeNumber(1),
  pingIntervalMs: wholeNumber(0),
  silenceTimeoutMs: wholeNumber(0),
  keepAliveMs: wholeNumber(0),
  closeTimeoutMs: wholeNumber(1),
};

/** @throws InvalidOptionError for an unknown name or a value out of range. */
export function resolveLinkOptions(given: Partial<LinkOptions> = {}): LinkOptions {
  return resolveOptions('link', DEFAULT_LINK_OPTIONS, given, CHECKS);
}
