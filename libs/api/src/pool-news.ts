import { LogThrottle, type NodeLog } from '#link';
import { codeFact, type NodeAddress } from '#protocol';

/** What `GatewayApi.on` can be asked for. */
export interface GatewayNews {
  /** So much waits for this gateway that callers should stop producing: above `link.highWaterMarkBytes`. */
  congested: (gateway: NodeAddress) => void;
  /** It has taken everything. */
  drained: (gateway: NodeAddress) => void;
  /** Commands for this gateway were dropped: it is congested beyond `link.maxQueuedBytes`, or not linked. */
  dropped: (gateway: NodeAddress, commands: number, reason: Error | undefined) => void;
}

type Listeners = { readonly [Name in keyof GatewayNews]: Set<GatewayNews[Name]> };

/** Tells callers how their gateways keep up. */
export class PoolNews {
  readonly #listeners: Listeners = { congested: new Set(), drained: new Set(), dropped: new Set() };
  readonly #log: NodeLog;
  readonly #throttle = new LogThrottle();

  constructor(log: NodeLog) {
    this.#log = log;
  }

  /** @returns what ends the subscription */
  on<Name extends keyof GatewayNews>(event: Name, listener: GatewayNews[Name]): () => void {
    const listeners: Set<GatewayNews[Name]> = this.#listeners[event];
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  congested(gateway: NodeAddress): void {
    for (const listener of this.#listeners.congested) this.#guard(() => listener(gateway));
  }

  drained(gateway: NodeAddress): void {
    for (const listener of this.#listeners.drained) this.#guard(() => listener(gateway));
  }

  dropped(gateway: NodeAddress, commands: number, reason: Error | undefined): void {
    for (const listener of this.#listeners.dropped) this.#guard(() => listener(gateway, commands, reason));
  }

  /** What a listener throws must not reach the caller of some command, nor end a link. */
  #guard(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#throttle.run('listener', (remark) =>
        this.#log.error(`A listener for news of the gateways failed${remark}`, {
          error,
          ...codeFact(error),
        }),
      );
    }
  }
}
