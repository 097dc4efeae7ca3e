import { once } from 'node:events';
import type { ModuleMetadata } from '@nestjs/common';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { GatewayApi } from '#api';
import {
  Client,
  ClientContext,
  ClientHandlers,
  OnClose,
  OnConnect,
  OnMessage,
  OnWorkerStart,
  Payload,
  Session,
} from '#worker';
import { Checker } from '../checker/checker.js';
import { describeViolations } from '../checker/violation.js';
import { SeededRandom } from '../random.js';
import { listingOf } from './listing-of.js';
import { TestCluster, type TestClusterOptions } from './test-cluster.js';
import type { ClusterGateway } from './cluster-gateway.js';
import { until } from './until.js';

async function start(options: Partial<TestClusterOptions> = {}): Promise<TestCluster> {
  const cluster = await TestCluster.start({ gateway: { closeTimeoutMs: 200 }, ...options });
  onTestFinished(() => cluster.close());
  return cluster;
}

/** Handlers that tell the checker what they see. */
function handlersOf(checker: Checker, worker: string): ModuleMetadata {
  @ClientHandlers()
  class CheckedHandlers {
    constructor(private readonly gateway: GatewayApi) {}

    @OnConnect()
    connected(@Client() { id, request, redelivered: isRedelivered }: ClientContext): void {
      const name = request?.query['name'] ?? '';
      this.gateway.setSession(id, { name });
      this.gateway.joinGroup(id, 'everybody');
      this.gateway.bindUid(id, `uid of ${name}`);
      checker.handled(name, { kind: 'connect', worker, isRedelivered });
      checker.joined(name, 'everybody', { worker });
      checker.bound(name, `uid of ${name}`, { worker });
    }

    @OnMessage('count')
    count(
      @Payload() { name, sequence }: { name: string; sequence: number },
      @Client() { redelivered: isRedelivered }: ClientContext,
    ): number {
      checker.handled(name, { kind: 'message', sequence, worker, isRedelivered });
      return sequence;
    }

    @OnMessage('to all')
    toAll(@Payload('text') text: string): void {
      this.gateway.sendToGroup('everybody', text);
    }

    @OnClose()
    closed(@Session('name') name: string, @Client() { redelivered: isRedelivered }: ClientContext): void {
      checker.handled(name, { kind: 'close', worker, isRedelivered });
    }
  }
  return { providers: [CheckedHandlers] };
}

/** A client that tells the checker what it sends and gets. */
class CheckedClient {
  readonly texts: string[] = [];
  sent = 0;
  answered = 0;

  private constructor(
    readonly name: string,
    readonly socket: WebSocket,
    private readonly checker: Checker,
  ) {
    socket.on('message', (data: Buffer) => this.#take(data.toString()));
    socket.on('error', () => undefined);
    socket.on('close', (code) => checker.disconnected(name, code));
    onTestFinished(() => socket.terminate());
  }

  static async connect(name: string, gateway: ClusterGateway, checker: Checker): Promise<CheckedClient> {
    const socket = new WebSocket(`${gateway.url}/?name=${name}`);
    const client = new CheckedClient(name, socket, checker);
    await once(socket, 'open');
    checker.connected(name);
    return client;
  }

  count(): void {
    this.sent = this.checker.sent(this.name);
    this.socket.send(
      JSON.stringify({ event: 'count', data: { name: this.name, sequence: this.sent }, id: this.sent }),
    );
  }

  async settled(): Promise<void> {
    await until(
      () => `${this.name} has ${this.sent} answers, not ${this.answered}`,
      () => this.answered >= this.sent,
    );
  }

  #take(text: string): void {
    this.texts.push(text);
    if (!text.startsWith('{')) return;
    const { id } = JSON.parse(text) as { id: number };
    this.answered = Math.max(this.answered, id);
    this.checker.answered(this.name, id);
  }
}

const violationsOf = (checker: Checker): string => describeViolations(checker.verdict());

describe('a test cluster', () => {
  it('links gateways and workers, so that clients of different gateways hear each other', async () => {
    const checker = new Checker();
    const cluster = await start({ gateways: 2, secret: 'of the test' });
    for (const name of ['A', 'B']) await cluster.addWorker(handlersOf(checker, name));
    await cluster.linked();
    expect(cluster.register.server?.gateways).toHaveLength(2);
    const [first, second] = cluster.gateways;
    const ann = await CheckedClient.connect('ann', first!, checker);
    const bob = await CheckedClient.connect('bob', second!, checker);
    for (const client of [ann, bob]) {
      for (let count = 0; count < 10; count++) client.count();
      await client.settled();
    }
    ann.socket.send(JSON.stringify({ event: 'to all', data: { text: 'hello' } }));
    await until(
      () => 'bob hears it',
      () => bob.texts.includes('hello'),
    );
    const { api } = cluster.workers[0]!;
    const listing = await listingOf(api, async (id) => {
      const session = await api.getSession<{ name: string }>(id);
      return session!.name;
    });
    expect(Object.keys(listing.groups)).toEqual(['everybody']);
    checker.listed(listing);
    expect(violationsOf(checker)).toBe('');
    expect(checker.counts).toMatchObject({ clients: 2, sent: 20, answered: 20, redelivered: 0 });
  });

  it('holds events while a link is frozen, and loses none', async () => {
    const checker = new Checker();
    const cluster = await start();
    const worker = await cluster.addWorker(handlersOf(checker, 'A'));
    await cluster.linked();
    const [gateway] = cluster.gateways;
    const ann = await CheckedClient.connect('ann', gateway!, checker);
    ann.count();
    await ann.settled();
    const link = await worker.linkTo(gateway!);
    link.freeze();
    for (let count = 0; count < 5; count++) ann.count();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(ann.answered).toBe(1);
    link.thaw();
    await ann.settled();
    expect(violationsOf(checker)).toBe('');
  });

  it('keeps order, and loses nothing, while links are cut, reset, delayed and split', async () => {
    const random = SeededRandom.of(process.env['NESTWIRE_TEST_SEED']);
    const checker = new Checker();
    const cluster = await start({ random });
    for (const name of ['A', 'B']) await cluster.addWorker(handlersOf(checker, name));
    await cluster.linked();
    const clients: CheckedClient[] = [];
    for (const name of ['ann', 'bob', 'eve']) {
      clients.push(await CheckedClient.connect(name, cluster.gateways[0]!, checker));
    }
    for (let round = 0; round < 40; round++) {
      for (const client of clients) client.count();
      const link = random.pick(await cluster.links());
      if (random.chance(0.1)) {
        checker.linkBroken();
        if (random.chance(0.5)) link.cut();
        else link.reset();
      } else if (random.chance(0.2)) link.split(random.between(1, 20));
      else link.delay(random.below(5), { jitterMs: random.below(5) });
      await new Promise((resolve) => setTimeout(resolve, random.below(10)));
    }
    for (const client of clients) await client.settled();
    expect(violationsOf(checker), `seed ${random.seed}`).toBe('');
    expect(checker.counts.sent).toBe(120);
  });

  it('has others handle what a worker that is killed leaves behind', async () => {
    const checker = new Checker();
    const cluster = await start();
    await cluster.addWorker(handlersOf(checker, 'worker 1'));
    await cluster.linked();
    const ann = await CheckedClient.connect('ann', cluster.gateways[0]!, checker);
    ann.count();
    await ann.settled();
    checker.workerLost('worker 1');
    await cluster.workers[0]!.kill();
    expect(cluster.workers).toEqual([]);
    for (let count = 0; count < 5; count++) ann.count();
    await cluster.addWorker(handlersOf(checker, 'worker 2'));
    await cluster.linked();
    await ann.settled();
    expect(violationsOf(checker)).toBe('');
  });

  it('resets the clients of a gateway that is killed, and goes on with the others', async () => {
    const checker = new Checker();
    const cluster = await start({ gateways: 2 });
    await cluster.addWorker(handlersOf(checker, 'A'));
    await cluster.linked();
    const [dies, stays] = cluster.gateways;
    const ann = await CheckedClient.connect('ann', dies!, checker);
    const bob = await CheckedClient.connect('bob', stays!, checker);
    for (const client of [ann, bob]) client.count();
    await Promise.all([ann.settled(), bob.settled()]);
    checker.expectEnd('ann', 'dies');
    const closed = once(ann.socket, 'close');
    await dies!.kill();
    expect((await closed)[0]).toBe(1006);
    expect(cluster.gateways).toEqual([stays]);
    const refused = new WebSocket(dies!.url);
    expect(await once(refused, 'error').catch((error: unknown) => [error])).toEqual([
      expect.objectContaining({ code: 'ECONNREFUSED' }),
    ]);
    bob.count();
    await bob.settled();
    expect(violationsOf(checker)).toBe('');
  });

  it('introduces newcomers after its register was killed and started again', async () => {
    const checker = new Checker();
    const cluster = await start();
    await cluster.addWorker(handlersOf(checker, 'A'));
    await cluster.linked();
    await cluster.register.kill();
    expect(cluster.register.server).toBeUndefined();
    const ann = await CheckedClient.connect('ann', cluster.gateways[0]!, checker);
    ann.count();
    await ann.settled();
    const newcomer = await cluster.addGateway();
    await cluster.register.start();
    await cluster.linked();
    const bob = await CheckedClient.connect('bob', newcomer, checker);
    bob.count();
    await bob.settled();
    expect(violationsOf(checker)).toBe('');
  });

  it('stops nodes in order: clients are told to come back, and everybody has OnClose', async () => {
    const checker = new Checker();
    const cluster = await start();
    await cluster.addWorker(handlersOf(checker, 'A'));
    await cluster.linked();
    const ann = await CheckedClient.connect('ann', cluster.gateways[0]!, checker);
    ann.count();
    await ann.settled();
    checker.expectEnd('ann', 'closes');
    const closed = once(ann.socket, 'close');
    await cluster.close();
    expect((await closed)[0]).toBe(1012);
    expect(violationsOf(checker)).toBe('');
    await cluster.close();
  });

  it('knows that a node has ended, whatever is done to it then', async () => {
    const cluster = await start();
    const [gateway] = cluster.gateways;
    const worker = await cluster.addWorker(handlersOf(new Checker(), 'A'));
    await worker.close();
    await worker.kill();
    await gateway!.kill();
    await gateway!.kill();
    expect([worker.isRunning, gateway!.isRunning]).toEqual([false, false]);
  });

  it('forgets a worker that could not start', async () => {
    const cluster = await start();
    @ClientHandlers()
    class FailingHandlers {
      @OnWorkerStart()
      fail(): void {
        throw new Error('not today');
      }
    }
    await expect(cluster.addWorker({ providers: [FailingHandlers] })).rejects.toThrow('not today');
    expect(cluster.workers).toEqual([]);
    await cluster.linked();
  });

  it('is closed whatever is frozen', async () => {
    const checker = new Checker();
    const cluster = await start({ gateways: 2 });
    const worker = await cluster.addWorker(handlersOf(checker, 'A'));
    await cluster.linked();
    for (const proxy of [
      ...(await cluster.links()),
      worker.registerProxy,
      ...cluster.gateways[0]!.clientProxies,
    ]) {
      proxy.freeze();
    }
    await cluster.close();
    expect(cluster.workers).toEqual([]);
    expect(cluster.gateways).toEqual([]);
  });

  it('is refused with options that it does not know', async () => {
    await expect(TestCluster.start({ gatewais: 2 } as object)).rejects.toMatchObject({
      code: 'ERR_NESTWIRE_INVALID_OPTION',
      option: 'testCluster.gatewais',
    });
  });
});
