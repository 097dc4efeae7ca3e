import { EventEmitter } from 'node:events';
import { Logger } from '@nestjs/common';
import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { GatewayEntry, NodeAddress } from '#protocol';
import type { RefusalReason } from './refusal.js';
import type { RegisterOptions } from './register-options.js';
import { RegisterServer } from './register-server.js';

export type RegisterStatus = 'listening' | 'closed';

/** What `app.on(…)` can be told of. */
export type RegisterEvents = {
  gatewaysChanged: (gateways: readonly GatewayEntry[]) => void;
  refused: (reason: RefusalReason, peer: string) => void;
};

/** The register as a Nest microservice: `createMicroservice(RegisterModule.forRoot(…), { inject: [RegisterStrategy], … })`. */
export class RegisterStrategy
  extends Server<RegisterEvents, RegisterStatus>
  implements CustomTransportStrategy
{
  override readonly transportId = Symbol.for('nestwire-register');
  readonly server: RegisterServer;
  readonly #events = new EventEmitter();
  #closing: Promise<void> | undefined;

  /** @throws InvalidOptionError for an unknown name, a wrong value, or an empty secret where others can reach the port. */
  constructor(options: Partial<RegisterOptions> = {}) {
    super();
    this.server = new RegisterServer(options, new Logger('Register'), {
      gatewaysChanged: (gateways) => this.#events.emit('gatewaysChanged', gateways),
      refused: (reason, peer) => this.#events.emit('refused', reason, peer),
    });
  }

  /** Calls back with the error, or with null and the address when it listens. */
  async listen(callback: (error: unknown, address?: NodeAddress) => void): Promise<void> {
    let address: NodeAddress;
    try {
      address = await this.server.listen();
    } catch (error) {
      callback(error);
      return;
    }
    this._status$.next('listening');
    callback(null, address);
  }

  /** May be called any number of times; each resolves when all links are gone. */
  async close(): Promise<void> {
    this.#closing ??= this.server.close().then(() => this._status$.next('closed'));
    await this.#closing;
  }

  on<Name extends keyof RegisterEvents>(event: Name, listener: RegisterEvents[Name]): this {
    this.#events.on(event, listener);
    return this;
  }

  /** The `RegisterServer`, for its address and counters. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the signature is Nest's
  unwrap<T = RegisterServer>(): T {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- so Nest's unwrap is: the caller says what it is
    return this.server as T;
  }
}
