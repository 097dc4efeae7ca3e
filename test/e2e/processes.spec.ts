import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { freePort } from '../../bench/suite/free-port.js';
import { ServiceProcess } from './service-process.js';
import { freePorts, isAlive, SupervisedService } from './supervised-service.js';
import { WsClient } from './test-client.js';

/** The half of a client id that is its gateway's. */
function gatewayOf({ id }: WsClient): string {
  return id.slice(0, 12);
}

async function expectAnswers(clients: readonly WsClient[]): Promise<void> {
  for (const client of clients) expect(await client.call('isOnline', client.id)).toBe(true);
}

describe('two gateways and two workers under supervision', () => {
  let lan: number;
  let url: string;
  let register: ServiceProcess;
  let gateways: SupervisedService;
  let workers: SupervisedService;

  beforeAll(async () => {
    lan = await freePorts(2);
    const variables = {
      NESTWIRE_REGISTER: `127.0.0.1:${await freePort()}`,
      NESTWIRE_LAN: `127.0.0.1:${lan}`,
      NESTWIRE_LISTEN: 'ws://127.0.0.1:0',
    };
    register = new ServiceProcess({
      name: 'register',
      folder: inject('checkout'),
      command: [process.execPath, 'dist/apps/register/src/main.js'],
      variables,
      ready: /Nest microservice successfully started/,
    });
    gateways = new SupervisedService('gateways', 'apps/gateway/src/main.js', 'gateway 2/2', variables);
    workers = new SupervisedService('workers', 'test/e2e/apps/worker/main.js', 'worker 2/2', variables);
    await register.start();
    await gateways.start();
    await workers.start();
    await linked();
  });

  afterAll(() => Promise.all([gateways, workers, register].map((service) => service?.kill())));

  /** Both gateways send events to both workers, and the register knows all four. */
  async function linked(): Promise<void> {
    await register.until(
      () =>
        register.lines
          .findLast((line) => / now$|\d now/.test(line))
          ?.includes('2 gateways and 2 workers now') === true,
      'that all are there',
    );
    for (const place of ['gateway 1/2', 'gateway 2/2']) {
      const pid = gateways.pidOf(place);
      const workersOf = (): string | undefined => {
        const news = gateways.lines.findLast(
          (line) => line.includes(`[${place}] ${pid} `) && /takes .*events/.test(line),
        );
        return /workers: \D*(\d+)/.exec(news ?? '')?.[1];
      };
      await gateways.until(() => workersOf() === '2', `that ${place} has 2 workers`);
    }
  }

  /** The id that the process at this place has now: another one at each of its starts. */
  function idOf(place: string): string {
    const told = gateways.lines.findLast(
      (line) => line.includes(`[${place}] ${gateways.pidOf(place)} `) && line.includes('takes clients on'),
    );
    return /id: .*?([0-9a-f]{12})/.exec(told ?? '')?.[1] ?? '';
  }

  const bothIds = (): ReadonlySet<string> => new Set(['gateway 1/2', 'gateway 2/2'].map(idOf));

  async function connect(count: number): Promise<readonly WsClient[]> {
    const clients = await Promise.all(Array.from({ length: count }, () => WsClient.connect(url)));
    onTestFinished(() => clients.forEach((client) => client.close()));
    return clients;
  }

  it('take clients on one port, although it was asked for as 0, and have a LAN port and a row each', () => {
    const taken = gateways.lines.flatMap((line) => {
      const [, address, listening] =
        /Gateway (\S+) takes clients on (ws:\/\/127\.0\.0\.1:\d+)/.exec(line) ?? [];
      return address === undefined ? [] : [{ address, listening }];
    });
    url = taken[0]!.listening!;
    expect(new URL(url).port).not.toBe('0');
    expect(taken).toEqual([
      { address: `127.0.0.1:${lan}`, listening: url },
      { address: `127.0.0.1:${lan + 1}`, listening: url },
    ]);
    for (const port of [lan, lan + 1]) {
      expect(
        register.lines.some((line) => /Gateway 127\.0\.0\.1:(\d+) .*is there/.exec(line)?.[1] === `${port}`),
      ).toBe(true);
    }
  });

  it('share the clients', async () => {
    const clients = await connect(8);
    expect(new Set(clients.map(gatewayOf))).toEqual(bothIds());
    // And reach each other over whichever gateway.
    expect(await clients[0]!.call('getClientCount')).toBe(8);
    await expectAnswers(clients);
  });

  it('are two of each again when one of each is killed, without harm to the clients of the other gateway', async () => {
    const clients = await connect(8);
    process.kill(workers.pidOf('worker 1/2'), 'SIGKILL');
    await workers.readied(3);
    await linked();
    await expectAnswers(clients);

    const id = idOf('gateway 2/2');
    process.kill(gateways.pidOf('gateway 2/2'), 'SIGKILL');
    const lost = clients.filter((client) => gatewayOf(client) === id);
    expect(lost.length).toBeGreaterThan(0);
    expect(await Promise.all(lost.map((client) => client.closed()))).toEqual(lost.map(() => 1006));
    await gateways.readied(3);
    await linked();
    await expectAnswers(clients.filter((client) => !lost.includes(client)));
    const newcomers = await connect(8);
    expect(new Set(newcomers.map(gatewayOf))).toEqual(bothIds());
  });

  it('say that the supervisor is to be told when a single one of them gets a SIGHUP', async () => {
    const pid = workers.pidOf('worker 1/2');
    process.kill(pid, 'SIGHUP');
    await workers.until(
      () =>
        workers.lines.some(
          (line) => line.includes(`[worker 1/2] ${pid} `) && line.includes(`the pid ${workers.pid}`),
        ),
      'whom to send a SIGHUP',
    );
    expect(isAlive(pid)).toBe(true);
  });

  it('roll the workers at a SIGHUP while a client talks, which notices nothing', async () => {
    const clients = await connect(4);
    const old = ['worker 1/2', 'worker 2/2'].map((place) => workers.pidOf(place));
    let isReloaded = false;
    // The signal is the supervisor's alone, although all get it.
    workers.signalAll('SIGHUP');
    const reloaded = workers.reloaded().finally(() => (isReloaded = true));
    const servedBy = new Set<unknown>();
    let n = 0;
    for (let after = 0; after < 5; after += isReloaded ? 1 : 0, n++) {
      for (const client of clients) client.send('number', { n });
      for (const client of clients) {
        const answer = await client.event('number');
        expect(answer['n']).toBe(n);
        servedBy.add(answer['worker']);
      }
    }
    await reloaded;
    expect(n).toBeGreaterThan(5);
    expect(clients.map(({ closeCode }) => closeCode)).toEqual(clients.map(() => undefined));
    expect(old.map(isAlive)).toEqual([false, false]);
    const fresh = ['worker 1/2', 'worker 2/2'].map((place) => workers.pidOf(place));
    expect(fresh.map(isAlive)).toEqual([true, true]);
    expect([...servedBy].some((pid) => fresh.includes(pid as number))).toBe(true);
    await linked();
  });

  it('roll the gateways one at a time at a SIGHUP: clients are told to come back, and always can', async () => {
    const clients = await connect(6);
    gateways.signal('SIGHUP');
    // Whoever is sent away comes back at once: to the other gateway, or to the new one.
    const back = clients.map(async (client) => {
      expect(await client.closed()).toBe(1012);
      return WsClient.connect(url);
    });
    const returned = await Promise.all(back);
    await gateways.reloaded();
    await linked();
    expect(gateways.pids.slice(0, -2).map(isAlive)).not.toContain(true);
    expect(gateways.pids.slice(-2).map(isAlive)).toEqual([true, true]);
    const newcomers = await connect(6);
    expect(new Set(newcomers.map(gatewayOf))).toEqual(bothIds());
    for (const client of returned) client.close();
  });

  it('end with code 0 at a SIGTERM, and leave no process behind', async () => {
    const [client] = await connect(1);
    expect(await gateways.stop()).toBe(0);
    expect(await client!.closed()).toBe(1012);
    expect(await workers.stop()).toBe(0);
    expect(await register.stop()).toBe(0);
    expect([...gateways.pids, ...workers.pids].map(isAlive)).not.toContain(true);
    const complaints = [gateways, workers, register].flatMap((service) => service.complaints);
    expect(
      complaints
        .map((line) => /(\w+ \d\/\d) \(pid \d+\) was ended by SIGKILL/.exec(line)?.[1] ?? line)
        .toSorted(),
    ).toEqual(['gateway 2/2', 'worker 1/2']);
  });
});

describe('everything with two processes of each', () => {
  async function variables(): Promise<Record<string, string>> {
    return {
      NESTWIRE_REGISTER: `127.0.0.1:${await freePort()}`,
      NESTWIRE_LAN: '127.0.0.1:0',
      NESTWIRE_LISTEN: 'ws://127.0.0.1:0',
      NESTWIRE_PAGE: `127.0.0.1:${await freePort()}`,
    };
  }

  function standalone(given: Record<string, string>): SupervisedService {
    const service = new SupervisedService('standalone', 'apps/standalone/src/main.js', 'worker 2/2', given);
    onTestFinished(() => service.kill());
    return service;
  }

  it('tells its processes the port that its register took, where that was asked for as 0', async () => {
    const service = standalone({ ...(await variables()), NESTWIRE_REGISTER: '127.0.0.1:0' });
    await service.start();
    await service.until(
      () => service.lines.some((line) => line.includes('2 gateways and 2 workers now')),
      'that all are there',
    );
    expect(await service.stop()).toBe(0);
    expect(service.complaints).toEqual([]);
  });

  it('serves the page once, which knows where the gateways are, and ends in order', async () => {
    const given = await variables();
    const service = standalone(given);
    await service.start();
    await service.until(
      () => service.lines.some((line) => line.includes('The chat is on')),
      'where the chat is',
    );
    const config = (await (await fetch(`http://${given['NESTWIRE_PAGE']}/config.json`)).json()) as {
      gateways: string[];
    };
    expect(config.gateways).toHaveLength(1);
    const client = await WsClient.open(config.gateways[0]!);
    await client.next((message) => message['event'] !== undefined, 'the welcome of a worker');
    expect(service.lines.filter((line) => line.includes('The chat is on'))).toHaveLength(1);

    // Ctrl+C, and once more as npm and `nest start` pass it on.
    service.signalAll('SIGINT');
    service.signal('SIGINT');
    expect(await service.exitCode()).toBe(0);
    expect(await client.closed()).toBe(1012);
    expect(service.pids.map(isAlive)).toEqual([false, false, false, false]);
    const stops = service.lines.flatMap(
      (line) => /\[(gateway|worker) \d\/2\].*stopping/.exec(line)?.[1] ?? [],
    );
    expect(stops).toEqual(['gateway', 'gateway', 'worker', 'worker']);
    expect(service.complaints).toEqual([]);
  });

  it('ends by itself when its supervisor is killed', async () => {
    const service = standalone(await variables());
    await service.start();
    service.signal('SIGKILL');
    // Known when the last of those who write into its output has ended.
    expect(await service.exitCode()).toBe(null);
    const stops = service.lines.filter((line) => line.includes('The supervisor is gone: stopping'));
    expect(stops).toHaveLength(4);
  });

  it('does not start when the port of one process is taken, says which, and leaves none behind', async () => {
    const lan = await freePorts(2);
    const other = createServer().listen(lan + 1, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const service = standalone({ ...(await variables()), NESTWIRE_LAN: `127.0.0.1:${lan}` });
    service.launch();
    expect(await service.exitCode()).toBe(1);
    const text = service.lines.join('\n');
    expect(text).toContain(`Cannot listen on 127.0.0.1:${lan + 1}`);
    expect(text).toContain('ProcessStartError [ERR_NESTWIRE_PROCESS_START]: gateway 2/2 ended with code 1');
    expect(service.pids).toHaveLength(1);
    expect(service.pids.map(isAlive)).toEqual([false]);
  });
});
