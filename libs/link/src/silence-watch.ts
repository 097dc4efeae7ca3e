import type { Socket } from 'node:net';

/** Notices a peer from which nothing has come for too long. */
export class SilenceWatch {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: Socket,
    /** Told at most once a deadline. */
    private readonly onSilent: (timeoutMs: number) => void,
  ) {}

  /** Watches from now on; 0 changes nothing. Called anew, it replaces the deadline. */
  start(timeoutMs: number): void {
    if (timeoutMs === 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#expire(timeoutMs), timeoutMs).unref();
  }

  /** Bytes of the peer have come. */
  heard(): void {
    this.#timer?.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #expire(timeoutMs: number): void {
    const { socket } = this;
    // While we do not read ourselves, the peer's pings lie in our own receive buffer.
    if (socket.isPaused()) return this.heard();
    // After a standstill of this whole process its timers run before it reads what came meanwhile.
    const { bytesRead } = socket;
    setImmediate(() => {
      if (socket.bytesRead === bytesRead) this.onSilent(timeoutMs);
    });
  }
}
