import type { LoggerService } from '@nestjs/common';

import type { EventPort } from '#api';
import { LogThrottle } from '#api';

import type { EventRun } from './event-run.js';

/** What an event that waits takes besides its own bytes: its run, its context, and what holds them together. */
const OVERHEAD_BYTES = 512;

/** The part of the event port that makes a gateway wait. */
export type FlowPort = Pick<EventPort, 'isWindowed' | 'pause' | 'resume'>;

/** Events of one gateway that are there and not done with. */
interface Waiting {
  runs: number;
  bytes: number;
  isPaused: boolean;
}

/**
 * Keeps what waits for handlers from filling the memory: above the limit a gateway's events are not read any more, and below
 * half of it they are again. Each gateway has a limit of its own, so that the flood of one does not stop the others. Gateways
 * that keep to a window see to it themselves: then this only counts.
 */
export class Backlog {
  readonly #limitBytes: number;
  readonly #port: FlowPort;
  readonly #logger: LoggerService;
  readonly #throttle = new LogThrottle();
  readonly #gateways = new Map<string, Waiting>();

  /** @param limitBytes 0: nothing is ever paused */
  constructor(limitBytes: number, port: FlowPort, logger: LoggerService) {
    this.#limitBytes = limitBytes;
    this.#port = port;
    this.#logger = logger;
  }

  get runs(): number {
    return this.#sum('runs');
  }

  get bytes(): number {
    return this.#sum('bytes');
  }

  /** @param bytes what the run keeps of its event */
  add(run: EventRun, bytes: number): void {
    run.heldBytes = bytes + OVERHEAD_BYTES;
    const { gateway } = run.source;
    let waiting = this.#gateways.get(gateway);
    if (waiting === undefined) {
      waiting = { runs: 0, bytes: 0, isPaused: false };
      this.#gateways.set(gateway, waiting);
    }
    waiting.runs++;
    waiting.bytes += run.heldBytes;
    if (waiting.isPaused || this.#limitBytes === 0 || waiting.bytes <= this.#limitBytes) return;
    if (this.#port.isWindowed) return;
    waiting.isPaused = true;
    this.#report(gateway, waiting);
    this.#port.pause(gateway);
  }

  remove(run: EventRun): void {
    const { gateway } = run.source;
    const waiting = this.#gateways.get(gateway);
    if (waiting === undefined) return;
    waiting.runs--;
    waiting.bytes -= run.heldBytes;
    if (waiting.isPaused && waiting.bytes < this.#limitBytes / 2) {
      waiting.isPaused = false;
      this.#port.resume(gateway);
    }
    if (waiting.runs === 0) this.#gateways.delete(gateway);
  }

  #sum(what: 'runs' | 'bytes'): number {
    let sum = 0;
    for (const waiting of this.#gateways.values()) sum += waiting[what];
    return sum;
  }

  #report(gateway: string, { runs, bytes }: Waiting): void {
    this.#throttle.run('paused', (remark) =>
      this.#logger.warn(
        `The gateway ${gateway} is not read for now: ${runs} of its events with ${bytes} bytes are waiting for handlers. ` +
          `Look for slow ones, add workers, or raise "maxWaitingBytes"${remark}`,
      ),
    );
  }
}
