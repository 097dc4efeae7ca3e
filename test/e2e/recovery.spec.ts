import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WATCHERS } from './apps/worker/test.handlers.js';
import { Cluster } from './cluster.js';
import { WsClient, type Message } from './test-client.js';

const CLIENTS_A_GATEWAY = 5;

/** One cluster through all of it, as it would be in operation; each test leaves everything running. */
describe('a cluster of which one part after the other crashes and comes back', () => {
  let cluster: Cluster;
  /** Of gateway 1, which lives until the last tests: nothing that happens elsewhere may disconnect them. */
  let first: WsClient[];
  let second: WsClient[];

  beforeAll(async () => {
    cluster = await Cluster.start(2, 2);
    first = await connectTo(0);
    second = await connectTo(1);
  });

  afterAll(async () => {
    for (const client of [...(first ?? []), ...(second ?? [])]) client.close();
    await cluster?.close();
  });

  function connectTo(gateway: number): Promise<WsClient[]> {
    return Promise.all(
      Array.from({ length: CLIENTS_A_GATEWAY }, () => WsClient.connect(cluster.gateways[gateway]!.ws)),
    );
  }

  /** Each sends a number and gets it back. @returns the processes of the workers that answered */
  async function workersThatServe(clients: readonly WsClient[]): Promise<Set<unknown>> {
    const answers = clients.map(async (client, n) => {
      client.send('number', { n });
      const answer = await client.event('number');
      expect(answer['n']).toBe(n);
      return answer['worker'];
    });
    return new Set(await Promise.all(answers));
  }

  /** As many answers as there are numbers, in the order in which they come. */
  async function answersTo(client: WsClient, numbers: readonly number[]): Promise<Message[]> {
    const answers: Message[] = [];
    for (const _ of numbers) answers.push(await client.event('number'));
    return answers;
  }

  /** A message from each side to the other. */
  async function expectToReachEachOther(here: WsClient, there: WsClient): Promise<void> {
    await here.call('sendToClient', there.id, JSON.stringify({ event: 'hello', from: here.id }));
    await there.call('sendToClient', here.id, JSON.stringify({ event: 'hello', from: there.id }));
    expect([(await there.event('hello'))['from'], (await here.event('hello'))['from']]).toEqual([
      here.id,
      there.id,
    ]);
  }

  it('goes on without its register, and is known to the next one at once', async () => {
    const { register } = cluster;
    await register.kill();
    await workersThatServe([...first, ...second]);
    await expectToReachEachOther(first[0]!, second[0]!);
    await register.start();
    await cluster.registered(2, 2);
    await cluster.linked();
    await expectToReachEachOther(first[0]!, second[0]!);
  });

  it('takes a gateway in that was started while there was no register', async () => {
    const { register } = cluster;
    await register.kill();
    const gateway = await cluster.addGateway();
    await gateway.start();
    const early = await WsClient.open(gateway.ws);
    early.send('number', { n: 7 });
    await register.start();
    await early.welcomed();
    expect((await early.event('number'))['n']).toBe(7);
    await cluster.linked();
    await expectToReachEachOther(first[0]!, early);
    early.close();
    await early.closed();
    expect(await gateway.stop()).toBe(0);
    await cluster.registered(2, 2);
  });

  it('serves the clients of a crashed worker by the other one, and by both when it is back', async () => {
    const [killed, survivor] = cluster.workers;
    await killed!.kill();
    await cluster.linked();
    expect(await workersThatServe([...first, ...second])).toEqual(new Set([survivor!.pid]));
    await killed!.start();
    await cluster.linked();
    // Enough clients for the router to give each worker some.
    const more = (await Promise.all([0, 1, 0, 1].map(connectTo))).flat();
    expect(await workersThatServe([...first, ...second, ...more])).toEqual(
      new Set(cluster.workers.map(({ pid }) => pid)),
    );
    for (const client of more) client.close();
    await Promise.all(more.map((client) => client.closed()));
  });

  it('keeps what is sent while there is no worker at all, in order, for the next one', async () => {
    await Promise.all(cluster.workers.map((worker) => worker.kill()));
    await cluster.linked();
    const clients = [...first, ...second];
    const numbers = Array.from({ length: 20 }, (_, n) => n);
    for (const n of numbers) for (const client of clients) client.send('number', { n });
    const newcomer = await WsClient.open(cluster.gateways[1]!.ws);
    newcomer.send('number', { n: 0 });

    await cluster.workers[1]!.start();
    for (const client of clients) {
      const answers = await answersTo(client, numbers);
      expect(answers.map(({ n }) => n)).toEqual(numbers);
    }
    await newcomer.welcomed();
    expect((await newcomer.event('number'))['n']).toBe(0);
    newcomer.close();
    await newcomer.closed();
    await cluster.workers[0]!.start();
    await cluster.linked();
  });

  it('loses no message of a worker that is told to stop under load, and keeps the order of each client', async () => {
    const [leaving, staying] = cluster.workers;
    const [leavingPid, stayingPid] = [leaving!.pid, staying!.pid];
    // New ones, because the others stay with the worker that they have had since the last test.
    const busy = [...(await connectTo(0)), ...(await connectTo(1))];
    const quiet = [...(await connectTo(0)), ...(await connectTo(1))];
    const numbers = Array.from({ length: 200 }, (_, n) => n);
    const [before, after] = [numbers.slice(0, 100), numbers.slice(100)];
    const sendAll = (clients: readonly WsClient[], some: readonly number[]): void => {
      for (const n of some) for (const client of clients) client.send('number', { n });
    };

    sendAll(quiet, before);
    const answersBefore = await Promise.all(quiet.map((client) => answersTo(client, before)));
    sendAll(busy, before);
    const stopped = leaving!.stop();
    sendAll(busy, after);
    await Promise.all(cluster.gateways.slice(0, 2).map((gateway) => gateway.hasWorkers(1)));
    sendAll(quiet, after);

    const served = new Set<unknown>();
    for (const client of busy) {
      const answers = await answersTo(client, numbers);
      expect(answers.map(({ n }) => n)).toEqual(numbers);
      for (const { worker } of answers) served.add(worker);
    }
    expect(served).toEqual(new Set([leavingPid, stayingPid]));
    for (const [at, client] of quiet.entries()) {
      const answers = [...answersBefore[at]!, ...(await answersTo(client, after))];
      expect(answers.map(({ n }) => n)).toEqual(numbers);
    }
    expect(new Set(answersBefore.flat().map(({ worker }) => worker))).toEqual(
      new Set([leavingPid, stayingPid]),
    );
    expect(await stopped).toBe(0);
    expect(await workersThatServe([...first, ...second])).toEqual(new Set([stayingPid]));
    for (const client of [...busy, ...quiet]) client.close();
    await Promise.all([...busy, ...quiet].map((client) => client.closed()));
    await leaving!.start();
    await cluster.linked();
  });

  it('goes on without a crashed gateway, whose clients come back to it when it is there again', async () => {
    const gateway = cluster.gateways[1]!;
    const staleId = second[0]!.id;
    await gateway.kill();
    expect(await Promise.all(second.map((client) => client.closed()))).toEqual(second.map(() => 1006));
    await cluster.registered(1, 2);
    const watcher = first[0]!;
    await Promise.all(
      cluster.workers.map((worker) =>
        worker.until(() => lastNews(worker.lines) === 'left', 'that a gateway left'),
      ),
    );
    await workersThatServe(first);
    expect(await watcher.call('getClientCount')).toBe(CLIENTS_A_GATEWAY);
    expect(await watcher.call('isOnline', staleId)).toBe(false);

    await gateway.start();
    await cluster.linked();
    second = await connectTo(1);
    expect(second.map(({ id }) => id)).not.toContain(staleId);
    // The id of a client from before the crash means nobody, whoever has its place now.
    expect(await watcher.call('isOnline', staleId)).toBe(false);
    expect(await watcher.call('getClientCount')).toBe(2 * CLIENTS_A_GATEWAY);
    for (const client of [...first, ...second]) await client.call('joinGroup', client.id, 'all');
    await second[0]!.call('sendToGroup', 'all', JSON.stringify({ event: 'again' }));
    await Promise.all([...first, ...second].map((client) => client.event('again')));
  });

  it('tells the clients of a gateway that is told to stop to come back, and runs each close handler', async () => {
    const watcher = first[0]!;
    await watcher.call('joinGroup', watcher.id, WATCHERS);
    const ids = second.map(({ id }) => id);
    const stopped = cluster.gateways[1]!.stop();
    expect(await Promise.all(second.map((client) => client.closed()))).toEqual(second.map(() => 1012));
    const told = [];
    for (const _ of ids) told.push(await watcher.event('closed'));
    expect(told.map(({ id }) => String(id)).toSorted()).toEqual(ids.toSorted());
    expect(new Set(told.map(({ closeCode }) => closeCode))).toEqual(new Set([1012]));
    expect(await stopped).toBe(0);
    await cluster.gateways[1]!.start();
    await cluster.linked();
    second = await connectTo(1);
    await expectToReachEachOther(first[0]!, second[0]!);
  });

  it('kept the clients of the other gateway all the time, and comes back when that and then everything crashes', async () => {
    // Through all that has happened so far.
    expect(first.map(({ closeCode }) => closeCode)).toEqual(first.map(() => undefined));
    await cluster.gateways[0]!.kill();
    await Promise.all(first.map((client) => client.closed()));
    await workersThatServe(second);
    await Promise.all(cluster.all.map((service) => service.kill()));
    await Promise.all(second.map((client) => client.closed()));
    const { register, workers, gateways } = cluster;
    // Workers first: who comes back in which order must not matter.
    for (const service of [...workers, ...gateways.slice(0, 2), register]) service.launch();
    await register.ready();
    await cluster.registered(2, 2);
    await cluster.linked();
    first = await connectTo(0);
    second = await connectTo(1);
    await workersThatServe([...first, ...second]);
    await expectToReachEachOther(first[0]!, second[0]!);
  });

  it('ends with code 0, and no log of all this has a complaint', async () => {
    expect(await cluster.close()).toEqual([0, 0, 0, 0, 0]);
    expect(cluster.complaints).toEqual([]);
  });
});

/** What a worker has logged last about gateways coming and going. */
function lastNews(lines: readonly string[]): 'left' | 'linked' | undefined {
  const line = lines.findLast((candidate) =>
    /\bgateway .*\b(has left|has stopped|is lost with)|Linked to the gateway/.test(candidate),
  );
  if (line === undefined) return undefined;
  return line.includes('Linked to') ? 'linked' : 'left';
}
