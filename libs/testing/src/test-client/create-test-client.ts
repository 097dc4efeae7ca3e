import type { ModuleMetadata } from '@nestjs/common';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { createTestWorker, type TestWorkerOptions } from './create-test-worker.js';
import type { TestClient, TestClientOptions } from './test-client.js';
import type { TestWorker } from './test-worker.js';

/** How the client connects, and what `createTestWorker` takes. */
export interface CreateTestClientOptions extends TestClientOptions, Partial<TestWorkerOptions> {}

/** A client, and the worker that serves it and nobody else yet. */
export interface ServedTestClient {
  readonly client: TestClient;
  /** To be closed when the test is over. */
  readonly worker: TestWorker;
}

/**
 * `createTestWorker` and `connect` in one, for tests that need one client. Resolves when `@OnConnect` is done, also when that has
 * denied it: then `client.closed` says so.
 * ```ts
 * const { client, worker } = await createTestClient({ imports: [ChatModule] }, { url: '/?token=abc' });
 * expect(await client.ask('say', { text: 'hi' })).toEqual({ at: expect.any(Number) });
 * await worker.close();
 * ```
 * @throws what `createTestWorker` throws
 */
export async function createTestClient(
  subject: ModuleMetadata | TestingModuleBuilder,
  options: CreateTestClientOptions = {},
): Promise<ServedTestClient> {
  const { client, worker: workerOptions } = split(options);
  const worker = await createTestWorker(subject, workerOptions);
  try {
    return { client: await worker.connect(client), worker };
  } catch (error) {
    await worker.close();
    throw error;
  }
}

const CLIENT_OPTIONS: ReadonlySet<string> = new Set<keyof TestClientOptions>([
  'kind',
  'url',
  'headers',
  'remoteAddress',
  'remotePort',
]);

/** What is no option of a client is left to the worker, which refuses what it does not know either. */
function split(options: CreateTestClientOptions): {
  readonly client: TestClientOptions;
  readonly worker: Partial<TestWorkerOptions>;
} {
  const entries = Object.entries(options);
  return {
    client: Object.fromEntries(entries.filter(([name]) => CLIENT_OPTIONS.has(name))),
    worker: Object.fromEntries(entries.filter(([name]) => !CLIENT_OPTIONS.has(name))),
  };
}
