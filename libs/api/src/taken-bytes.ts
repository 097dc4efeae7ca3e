import { setTimeout as delay } from 'node:timers/promises';
import type { Link } from '#link';
import { Fifo } from './fifo.js';

const POLL_MS = 5;

interface Waiting {
  readonly bytes: number;
  readonly resolve: () => void;
}

/** Waits until the system has taken what was written to a link, whatever is written after it. */
export class TakenBytes {
  readonly link: Link;
  /** In the order of what they wait for. */
  readonly #waiting = new Fifo<Waiting>();
  #isPolling = false;

  constructor(link: Link) {
    this.link = link;
  }

  /** Resolves when all that was written so far is taken, or the link is gone. */
  all(): Promise<void> {
    const { link } = this;
    link.flush();
    if (link.state === 'closed' || link.queuedBytes === 0) return Promise.resolve();
    const bytes = link.takenBytes + link.queuedBytes;
    return new Promise((resolve) => {
      this.#waiting.push({ bytes, resolve });
      void this.#poll();
    });
  }

  /** One for all who wait: a peer may take nothing for long, and callers may ask often. */
  async #poll(): Promise<void> {
    if (this.#isPolling) return;
    this.#isPolling = true;
    while (this.#waiting.size > 0) {
      await delay(POLL_MS);
      this.#tell();
    }
    this.#isPolling = false;
  }

  #tell(): void {
    const { state, takenBytes } = this.link;
    for (let first = this.#waiting.peek(); first !== undefined; first = this.#waiting.peek()) {
      if (state !== 'closed' && takenBytes < first.bytes) return;
      this.#waiting.shift();
      first.resolve();
    }
  }
}
