import { UnauthorizedException } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import {
  Client,
  ClientContext,
  ClientHandlers,
  OnClose,
  OnConnect,
  OnMessage,
  OnWorkerStop,
  WorkerModule,
} from '#worker';
import { createTestClient } from './create-test-client.js';

const seen: string[] = [];

@ClientHandlers()
class Handlers {
  @OnConnect()
  connect(@Client() { kind, request, remoteAddress }: ClientContext): void {
    if (request?.query['token'] === 'bad') throw new UnauthorizedException();
    seen.push(`${kind} ${request?.path} ${request?.headers['x-a']} ${remoteAddress}`);
  }

  @OnMessage('ping')
  ping(): string {
    return 'pong';
  }

  @OnClose()
  closed(): void {
    seen.push('closed');
  }

  @OnWorkerStop()
  stop(): void {
    seen.push('stopped');
  }
}

describe('createTestClient', () => {
  it('gives a client of a worker of its own, which takes more clients and is closed by the test', async () => {
    seen.length = 0;
    const { client, worker } = await createTestClient(
      { providers: [Handlers] },
      { url: '/a', headers: { 'x-a': 'b' }, remoteAddress: '10.0.0.1', worker: { handlerTimeoutMs: 50 } },
    );
    expect(await client.ask('ping')).toBe('pong');
    await worker.connect({ kind: 'tcp' });
    expect(worker.clients).toHaveLength(2);
    await client.close();
    await worker.close();
    expect(seen).toEqual(['ws /a b 10.0.0.1', 'tcp undefined undefined undefined', 'closed', 'stopped']);
  });

  it('takes a testing module, and tells when the client was denied', async () => {
    const module = Test.createTestingModule({ imports: [WorkerModule.forRoot()], providers: [Handlers] });
    const { client, worker } = await createTestClient(module, { url: '/?token=bad' });
    expect(client.closed).toEqual({ code: 1008, reason: 'denied' });
    await worker.close();
  });

  it('refuses what is an option of neither', async () => {
    // @ts-expect-error a misspelt name
    await expect(createTestClient({ providers: [Handlers] }, { ulr: '/' })).rejects.toMatchObject({
      code: 'ERR_NESTWIRE_INVALID_OPTION',
    });
  });

  it('closes the worker when the client cannot be made', async () => {
    seen.length = 0;
    const headers = new Proxy({}, { ownKeys: () => { throw new TypeError('as asked') } }); // prettier-ignore
    await expect(createTestClient({ providers: [Handlers] }, { headers })).rejects.toThrow('as asked');
    expect(seen).toEqual(['stopped']);
  });
});
