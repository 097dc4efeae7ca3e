import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';
import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { callForeign } from './foreign-call.js';
import { Gateway } from './gateway.js';
import type { GatewayOptions } from './gateway-options.js';

export type GatewayStatus = 'listening' | 'closed';

/** What `app.on(…)` can be told of. */
export type GatewayNodeEvents = {
  /** The urls on which clients are taken. */
  listening: (urls: readonly string[]) => void;
};

/** The gateway as a Nest microservice: `createMicroservice(GatewayModule.forRoot(…), { inject: [GatewayStrategy], … })`. */
export class GatewayStrategy
  extends Server<GatewayNodeEvents, GatewayStatus>
  implements CustomTransportStrategy
{
  override readonly transportId = Symbol.for('nestwire-gateway');
  readonly gateway: Gateway;
  readonly #events = new EventEmitter();
  readonly #log = new Logger('Gateway');
  #closing: Promise<void> | undefined;

  /** @throws InvalidOptionError for an unknown name, a wrong value, or values that contradict each other. */
  constructor(options: Partial<GatewayOptions> = {}) {
    super();
    this.gateway = new Gateway(options, this.#log);
  }

  /** Calls back with the error, or with null and the client urls when it listens. */
  listen(callback: (error: unknown, urls?: readonly string[]) => void): void {
    this.gateway.listen().then(
      () => {
        this._status$.next('listening');
        this.#tellListening();
        callback(null, this.gateway.urls);
      },
      (error: unknown) => callback(error),
    );
  }

  /** May be called any number of times; each resolves when all clients and links are gone. */
  async close(): Promise<void> {
    this.#closing ??= this.gateway.close().then(() => this._status$.next('closed'));
    await this.#closing;
  }

  on<Name extends keyof GatewayNodeEvents, Listener extends GatewayNodeEvents[Name]>(
    event: Name,
    listener: Listener,
  ): this {
    this.#events.on(event, listener);
    return this;
  }

  /** What a listener throws must not end the process: the gateway listens, whatever comes of the news. */
  #tellListening(): void {
    for (const listener of this.#events.listeners('listening')) {
      callForeign(
        () => Reflect.apply(listener, this, [this.gateway.urls]) as unknown,
        (error) => this.#log.error(`A listener of "listening" failed: ${inspect(error)}`),
      );
    }
  }

  /** The `Gateway`, for its addresses, table and counters. */
  unwrap<T = Gateway>(): T {
    return this.gateway as T;
  }
}
