import {
  DEFAULT_MAX_FRAME_BYTES,
  FULL_BATCH_BYTES,
  milliseconds,
  resolveOptions,
  wholeNumber,
  type OptionChecks,
} from '#protocol';

const MiB = 1024 * 1024;

export interface LinkOptions {
  /**
   * Largest frame taken from the peer, header included. A larger one ends the link before anything of it is buffered. A batch of
   * several may be 16 KiB larger, none of them alone.
   * @default 67_108_864 (64 MiB)
   */
  readonly maxFrameBytes: number;
  /**
   * The same before the link is open: a stranger gets little memory.
   * @default 4_096
   */
  readonly maxHandshakeFrameBytes: number;
  /**
   * A peer that has begun a frame, and within this time neither finishes one nor sends 32 KiB more, is given up with
   * `UnfinishedFrameError`: what has come of a frame is held in memory until all of it is there. 0 waits for ever.
   * @default 10_000
   */
  readonly frameTimeoutMs: number;
  /**
   * Most bytes of unfinished frames that all links of one `LinkServer` may hold together (while buffers grow they take up to twice
   * as much); the link that passes it is destroyed with `TooMuchCarriedError`. Less than `maxFrameBytes` means that, so that one
   * frame always gets through. Of a link with batches the first 16 KiB do not count. 0 disables the limit. Links that were dialled are
   * bounded by the largest frame each.
   * @default 268_435_456 (256 MiB)
   */
  readonly maxCarriedBytes: number;
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
   * closed its side may take nothing of what is queued for it. At least 1: there is no waiting for ever.
   * @default 1_000
   */
  readonly closeTimeoutMs: number;
}

export const DEFAULT_LINK_OPTIONS: LinkOptions = {
  maxFrameBytes: DEFAULT_MAX_FRAME_BYTES,
  maxHandshakeFrameBytes: 4096,
  frameTimeoutMs: 10_000,
  maxCarriedBytes: 256 * MiB,
  handshakeTimeoutMs: 3_000,
  maxQueuedBytes: 64 * MiB,
  highWaterMarkBytes: 16 * MiB,
  pingIntervalMs: 0,
  silenceTimeoutMs: 0,
  keepAliveMs: 30_000,
  closeTimeoutMs: 1_000,
};

const CHECKS: OptionChecks<LinkOptions> = {
  maxFrameBytes: wholeNumber(9, 0xffff_ffff - FULL_BATCH_BYTES),
  maxHandshakeFrameBytes: wholeNumber(9, 0xffff_ffff),
  frameTimeoutMs: milliseconds(0),
  maxCarriedBytes: wholeNumber(0),
  handshakeTimeoutMs: milliseconds(0),
  maxQueuedBytes: wholeNumber(0),
  highWaterMarkBytes: wholeNumber(1),
  pingIntervalMs: milliseconds(0),
  silenceTimeoutMs: milliseconds(0),
  keepAliveMs: milliseconds(0),
  closeTimeoutMs: milliseconds(1),
};

/** @throws InvalidOptionError for an unknown name or a value out of range. */
export function resolveLinkOptions(given: Partial<LinkOptions> = {}): LinkOptions {
  return resolveOptions('link', DEFAULT_LINK_OPTIONS, given, CHECKS);
}
