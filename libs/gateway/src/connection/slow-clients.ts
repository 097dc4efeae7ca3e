/** One whose backlog is watched. */
export interface Backlogged {
  /** Bytes handed to the system so far, those that still wait included. */
  readonly handedOverBytes: number;
  /** Of these, what the client has not taken. */
  readonly unsentBytes: number;
}

interface Watch {
  /** When everything up to this byte is taken, the client has kept up, and the watch starts anew. */
  targetBytes: number;
  sinceMs: number;
}

/**
 * Finds clients that take longer than the limit for what was sent to them. A client that reads on, however far
 * behind, is slow only when one byte waits that long; a frozen one is noticed at the same limit.
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
    this.#watched.set(client, { targetBytes: client.handedOverBytes, sinceMs: Date.now() });
  }

  forget(client: T): void {
    this.#watched.delete(client);
  }

  #sweep(nowMs: number): void {
    for (const [client, watch] of this.#watched) {
      if (client.unsentBytes === 0) {
        this.#watched.delete(client);
      } else if (client.handedOverBytes - client.unsentBytes >= watch.targetBytes) {
        watch.targetBytes = client.handedOverBytes;
        watch.sinceMs = nowMs;
      } else if (nowMs - watch.sinceMs >= this.timeoutMs) {
        this.#watched.delete(client);
        this.onSlow(client);
      }
    }
  }
}
