import { LogThrottle, type NodeLog } from '#link';
import type { Connection } from '../connection/connection.js';
import type { GatewayStats } from '../gateway-stats.js';
import type { ParkedEvent } from './parking.js';

export interface UndeliveredEventsOptions {
  readonly withoutWorker: 'close' | 'drop';
  readonly parkedAgeMs: number;
}

/** What becomes of events that found no worker in time, or no room to wait for one: counted, told, and the end of their clients. */
export class UndeliveredEvents {
  readonly #throttle = new LogThrottle();

  constructor(
    private readonly options: UndeliveredEventsOptions,
    private readonly stats: GatewayStats,
    private readonly log: NodeLog,
    /** Tells the client to come back later. */
    private readonly close: (connection: Connection) => void,
  ) {}

  /** @returns whether newer ones of the client may be told all the same */
  note(connection: Connection, type: ParkedEvent['type']): boolean {
    const isDropped = type === 'message' && this.options.withoutWorker === 'drop';
    this.stats.eventsDropped++;
    if (connection.isOnline) this.#tell(isDropped);
    if (isDropped) return true;
    this.close(connection);
    return false;
  }

  /** The gateway has ended with these. */
  left(events: number): void {
    this.stats.eventsDropped += events;
    this.log.warn(`Stopped with ${events} events that no worker was there to take, or to get done with`, {
      events,
    });
  }

  #tell(isDropped: boolean): void {
    const what = isDropped ? 'Dropped a message of a client' : 'Closed a client with 1013';
    const why = `no worker took what it sent within ${this.options.parkedAgeMs} ms, or there was no room for it to wait`;
    this.#throttle.warn(this.log, what, `${what}: ${why}`, {
      eventsDropped: this.stats.eventsDropped,
    });
  }
}
