import { expect, it } from 'vitest';
import { until } from '../../../../test/links/link-kit.js';
import { WsClient } from '../test/clients.js';
import { TestGateway } from '../test/test-gateway.js';

it('the log says which worker was given up and why, who gets its events, that none is left, and who is closed for it', async () => {
  const node = await TestGateway.start({ protocol: 'nestwire', parkedClientBytes: 1_000 });
  const { log } = node;
  const worker = await node.nestwireWorker();
  const client = await WsClient.open(node.ws);
  client.send('one');
  await worker.received(2);
  worker.acknowledge(1);
  await until(() => node.gateway.workers.unacknowledged === 1, 'one is left');
  worker.link.destroy();
  await until(() => node.gateway.workers.size === 0, 'it is gone');
  const port = /Worker test \((127\.0\.0\.1:\d+)\)/.exec(log.texts('log').join())?.[1];
  expect(log.texts('log')).toContain(
    `Events that Worker test (${port}) was not done with wait for another one`,
  );
  expect(log.texts('warn')).toEqual([
    `Worker test (${port}) takes no more events, and is given up: it has closed its link without leaving`,
    'There is no worker: events wait for one for 30000 ms, and as long as there is room (parkedBytes, parkedClientBytes); then their clients are closed with 1013',
  ]);

  client.send('x'.repeat(2_000));
  expect(await client.closed()).toMatchObject({ code: 1013 });
  expect(log.texts('warn')[2]).toBe(
    'Closed a client with 1013: no worker took what it sent within 30000 ms, or there was no room for it to wait',
  );
  expect(log.lines.at(-1)?.facts).toEqual({ eventsDropped: 1 });
});

it('the log warns of no worker that left in order while there are others', async () => {
  const node = await TestGateway.start({ protocol: 'nestwire' });
  const leaving = await node.nestwireWorker();
  await node.nestwireWorker();
  leaving.leave();
  await until(() => leaving.hasLeft, 'it has left');
  leaving.link.close();
  await until(() => node.gateway.workers.size === 1, 'it is gone');
  expect(node.log.texts('warn')).toEqual([]);
  expect(node.log.texts('log').at(-1)).toMatch(/^Worker test \(.*\) takes no more events: it has left$/);
});

it('the log has the code of what ended a link', async () => {
  const node = await TestGateway.start({ protocol: 'nestwire', workerSilenceTimeoutMs: 200 });
  const worker = await node.nestwireWorker();
  worker.answersPings = false;
  await until(() => node.gateway.workers.size === 0, 'it is given up');
  const [line] = node.log.lines.filter(({ level }) => level === 'warn');
  expect(line?.text).toMatch(/^Worker test \(.*\) takes no more events, and is given up: /);
  expect(line?.facts).toEqual({ workers: 0, code: 'ERR_NESTWIRE_SILENT_PEER' });
});
