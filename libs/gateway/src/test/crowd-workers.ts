import type { GatewayEvent } from '#protocol';
import { until } from '../../../../test/links/link-kit.js';
import type { WorkerPeer } from './lan-peer.js';
import type { NestwirePeer } from './nestwire-peer.js';

/** What a worker was told, and whether it was told that another one may know of it. */
export interface Told {
  readonly event: GatewayEvent;
  readonly isRedelivered: boolean;
}

/** A worker of a crowd, whichever protocol it speaks. */
export interface CrowdWorker {
  readonly told: readonly Told[];
  /** It gets nothing new, and goes when it is done with what it has. */
  leave(): void;
  /** Without a word. Over the base protocol, which gives nothing to others then, it leaves. */
  die(): void;
  /** It is done with what it has. */
  work(): void;
  /** From now on it is done with everything at once. */
  workOn(): void;
  closed(): Promise<void>;
}

export class BaseCrowdWorker implements CrowdWorker {
  constructor(private readonly peer: WorkerPeer) {}

  get told(): readonly Told[] {
    return this.peer.events.map((event) => ({ event, isRedelivered: false }));
  }

  leave(): void {
    this.peer.socket.end();
  }

  die(): void {
    this.leave();
  }

  work(): void {
    // It acknowledges nothing.
  }

  workOn(): void {
    // As above.
  }

  closed(): Promise<void> {
    return this.peer.closed();
  }
}

export class NestwireCrowdWorker implements CrowdWorker {
  /** Sequences of what it is not done with. */
  readonly #open: number[] = [];
  #isDiligent = false;
  #isLeaving = false;

  constructor(private readonly peer: NestwirePeer) {
    for (const { sequence } of peer.events) this.#open.push(sequence);
    peer.onEvent = ({ sequence }) => {
      this.#open.push(sequence);
      if (this.#isDiligent) this.work();
    };
  }

  get told(): readonly Told[] {
    return this.peer.events;
  }

  leave(): void {
    if (this.#isLeaving || this.peer.isClosed) return;
    this.#isLeaving = true;
    this.peer.leave();
    if (this.#isDiligent) void this.#goWhenDone();
  }

  die(): void {
    this.peer.link.destroy();
  }

  work(): void {
    const done = this.#open.splice(0);
    if (done.length > 0 && !this.peer.isClosed) this.peer.acknowledge(...done);
  }

  workOn(): void {
    if (this.#isDiligent) return;
    this.#isDiligent = true;
    this.work();
    if (this.#isLeaving) void this.#goWhenDone();
  }

  closed(): Promise<void> {
    return this.peer.closed();
  }

  async #goWhenDone(): Promise<void> {
    await until(() => this.peer.hasLeft || this.peer.isClosed, 'nothing more comes');
    this.peer.link.close();
  }
}
