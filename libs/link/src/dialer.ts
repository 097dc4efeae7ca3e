import { connect } from 'node:net';
import { formatAddress, type NodeAddress } from '#protocol';
import { Backoff, type BackoffOptions } from './backoff.js';
import { Link, type LinkHandler } from './link.js';
import type { LinkOptions } from './link-options.js';

/** A link that lasted so long shows that the peer is well: the next loss starts from the shortest wait again. */
const STABLE_MS = 5_000;

/** What a dialer's owner is told: all of a link's news, about each of the links that follow one another. */
export interface DialerHandler extends LinkHandler {
  /** The link is gone, and the next attempt starts in `delayMs`. */
  retrying?(delayMs: number, reason: Error | undefined): void;
}

/** Keeps one link to one address: dials, and dials again, with a new `Link` each time, until it is stopped. */
export class Dialer {
  readonly #backoff: Backoff;
  #link: Link | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #running = false;

  constructor(
    readonly address: NodeAddress,
    private readonly options: LinkOptions,
    private readonly handler: DialerHandler,
    backoff: Partial<BackoffOptions> = {},
  ) {
    this.#backoff = new Backoff(backoff);
  }

  /** The present link, in whatever state; undefined between two attempts. */
  get link(): Link | undefined {
    return this.#link;
  }

  get isRunning(): boolean {
    return this.#running;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#dial();
  }

  /** Closes the link after what is queued, and dials no more. */
  stop(): void {
    this.#running = false;
    clearTimeout(this.#retryTimer);
    this.#link?.close();
  }

  #dial(): void {
    const { host, port } = this.address;
    const { handler } = this;
    let connectedAt = Number.POSITIVE_INFINITY;
    this.#link = new Link(connect({ host, port }), formatAddress(this.address), this.options, {
      connected: (link) => {
        connectedAt = Date.now();
        handler.connected?.(link);
      },
      frame: (payload, link) => handler.frame(payload, link),
      congested: (link) => handler.congested?.(link),
      drained: (link) => handler.drained?.(link),
      ended: (link) => handler.ended?.(link),
      closed: (link, reason) => {
        if (Date.now() - connectedAt >= STABLE_MS) this.#backoff.reset();
        this.#onClosed(link, reason);
      },
    });
  }

  #onClosed(link: Link, reason: Error | undefined): void {
    // Stopped and started again meanwhile: this is the end of the former link, and the new one is being dialled already.
    const isPresent = this.#link === link;
    if (isPresent) this.#link = undefined;
    this.handler.closed?.(link, reason);
    if (!isPresent || !this.#running) return;
    const delayMs = this.#backoff.nextDelayMs();
    this.#retryTimer = setTimeout(() => this.#dial(), delayMs);
    this.handler.retrying?.(delayMs, reason);
  }
}
