/** One whose backlog is watched. */
export interface Backlogged {
  /** Bytes that the client has taken so far, as far as this process knows. */
  readonly takenBytes: number;
  /** What waits for it. */
  readonly unsentBytes: number;
  /** When it has taken so many, it has kept up: all that was sent so far, or one byte more than it has where what waits may be dropped. */
  readonly dueBytes: number;
}

interface Watch {
  /** When everything up to this byte is taken, the client has kept up, and the watch starts anew. */
  targetBytes: number;
  sinceMs: number;
}

/**
 * Finds clients that take longer than the limit for what was sent to them. A client that reads on, however far
 * behind, is slow only when one byte waits that long, or never where bytes that wait too long are dropped; a frozen one is noticed at
 * the same limit.
 */
export class SlowClients<T extends Backlogged> {
  readonly #watched = new Map<T, Watch>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly timeoutMs: number,
    private readonly onSlow: (client: T) => void,
  ) {}

  start(): void {
    if (this.timeoutMs === 0) return;
    this.#timer = setInterval(() => this.#sweep(Date.now()), Math.max(10, this.timeoutMs / 10)).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Its last write was not taken whole. */
  watch(client: T): void {
    if (this.timeoutMs === 0 || this.#watched.has(client)) return;
    this.#watched.set(client, { targetBytes: client.dueBytes, sinceMs: Date.now() });
  }

  forget(client: T): void {
    this.#watched.delete(client);
  }

  #sweep(nowMs: number): void {
    for (const [client, watch] of this.#watched) {
      if (client.unsentBytes === 0) {
        this.#watched.delete(client);
      } else if (client.takenBytes >= watch.targetBytes) {
        watch.targetBytes = client.dueBytes;
        watch.sinceMs = nowMs;
      } else if (nowMs - watch.sinceMs >= this.timeoutMs) {
        this.#watched.delete(client);
        this.onSlow(client);
      }
    }
  }
}
