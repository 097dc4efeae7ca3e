import cluster from 'node:cluster';
import { isStopMessage, type ProcessMessage } from './process-messages.js';

/**
 * The other end: what a process does that a `Supervisor` has forked.
 *
 * It ends when its supervisor says so, or has gone. Signals alone do not end it, because a terminal (Ctrl+C) and a service manager send them to
 * all processes at once, and the order in which they end is the supervisor's: SIGINT and SIGHUP are the supervisor's alone, and at a SIGTERM
 * it asks back. So a SIGTERM to one process replaces it by a new one.
 */
export class SupervisedProcess {
  #stop: ((reason: string) => void) | undefined;

  private constructor(stop: (reason: string) => void) {
    this.#stop = stop;
    process.on('message', (message) => {
      if (isStopMessage(message)) this.#tellStop('The supervisor says so');
    });
    const { worker } = cluster;
    worker?.once('disconnect', () => {
      // Otherwise node:cluster ends this process in this instant.
      worker.exitedAfterDisconnect = true;
      this.#tellStop('The supervisor is gone');
    });
    process.on('SIGTERM', () => this.#onSigterm());
    for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  }

  /**
   * Early in the process, before it listens.
   * @param stop called once: finish, close, and end the process. The reason is for the log
   * @returns undefined in a process that was not forked by node:cluster: there signals mean what they always do
   */
  static join(stop: (reason: string) => void): SupervisedProcess | undefined {
    return cluster.isWorker ? new SupervisedProcess(stop) : undefined;
  }

  /**
   * This process works: the supervisor need wait for it no longer.
   * @param facts told to the `onReady` of its group; plain JSON
   */
  ready(facts: Readonly<Record<string, unknown>> = {}): void {
    this.#tell({ nestwire: 'ready', facts });
  }

  #onSigterm(): void {
    if (process.connected) this.#tell({ nestwire: 'terminated' });
    else this.#tellStop('SIGTERM');
  }

  #tell(message: ProcessMessage): void {
    // If it cannot be told it is gone, which `disconnect` says.
    process.send?.(message, undefined, undefined, () => undefined);
  }

  #tellStop(reason: string): void {
    const stop = this.#stop;
    this.#stop = undefined;
    stop?.(reason);
  }
}
