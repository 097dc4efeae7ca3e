import type { INestMicroservice } from '@nestjs/common';
import { GatewayApi, SESSION_CODEC } from '#api';
import type { ClientId, SessionCodec } from '#protocol';
import { WorkerStrategy, type WorkerStats } from '#worker';
import type { MemoryGateway } from './memory-gateway.js';
import type { MemoryPool } from './memory-pool.js';
import { TestClient, type TestClientOptions } from './test-client.js';

/** What providers are found by. */
export type Token<Value> = string | symbol | (abstract new (...args: never[]) => Value);

/** The parts that `createTestWorker` has put together. */
export interface TestWorkerParts {
  readonly app: INestMicroservice;
  readonly gateway: MemoryGateway;
  readonly pool: MemoryPool;
}

/** A whole worker application with a gateway in memory. */
export class TestWorker {
  readonly app: INestMicroservice;
  readonly #gateway: MemoryGateway;
  readonly #pool: MemoryPool;
  readonly #clients = new Map<ClientId, TestClient>();

  constructor({ app, gateway, pool }: TestWorkerParts) {
    this.app = app;
    this.#gateway = gateway;
    this.#pool = pool;
  }

  /** The application's own, as handlers have it injected. */
  get api(): GatewayApi {
    return this.get(GatewayApi);
  }

  /** What the worker has counted: handled events, timeouts, unknown events … */
  get stats(): WorkerStats {
    return this.get(WorkerStrategy).stats;
  }

  /** Clients that are there, in the order in which they came. */
  get clients(): readonly TestClient[] {
    return [...this.#clients.values()].filter(({ closed }) => closed === undefined);
  }

  /** A provider of the application, of whichever module. */
  get<Value>(token: Token<Value>): Value {
    return this.app.get<Value>(token, { strict: false });
  }

  /**
   * A new client. Resolves when `@OnConnect` is done, also when that has denied it: then `client.closed` says so, with 1008.
   * @throws NoWorkerError when the worker was closed
   */
  async connect(options: TestClientOptions = {}): Promise<TestClient> {
    const codec = this.get<SessionCodec>(SESSION_CODEC);
    const client = new TestClient(this.#gateway, codec, options);
    this.#clients.set(client.id, client);
    await client.connected;
    return client;
  }

  /** The gateway dies with all its clients: `@OnGatewayLost` is called, and no `@OnClose`. */
  loseGateway(): void {
    for (const client of this.clients) client.lost();
    this.#gateway.lose();
    this.#pool.lose();
  }

  /** Stops the worker as SIGTERM does: what has begun is finished, `@OnWorkerStop` is called. Clients get no `@OnClose`, as nobody leaves. */
  async close(): Promise<void> {
    await this.app.close();
  }
}
