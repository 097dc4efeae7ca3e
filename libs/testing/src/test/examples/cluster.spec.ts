import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Client, ClientContext, ClientHandlers, OnConnect, OnMessage, Payload } from 'nestwire';
import { Checker, describeViolations, SeededRandom, TestCluster } from 'nestwire/testing';

const checker = new Checker();

/** Each worker has a class of its own, so that the checker knows who handled what. */
function handlersOf(worker: string) {
  @ClientHandlers()
  class CountHandlers {
    @OnConnect()
    connected(@Client() { redelivered }: ClientContext): void {
      checker.handled('ann', { kind: 'connect', worker, isRedelivered: redelivered });
    }

    @OnMessage('count')
    count(@Payload() sequence: number, @Client() { redelivered }: ClientContext): void {
      checker.handled('ann', { kind: 'message', sequence, worker, isRedelivered: redelivered });
    }
  }
  return CountHandlers;
}

it('loses nothing while a worker dies and links break', async () => {
  const random = SeededRandom.of(process.env['SEED']);
  // oxlint-disable-next-line no-console -- printed, so that a failed run can be repeated
  console.log(`SEED=${random.seed}`);
  const cluster = await TestCluster.start({ gateways: 1, random });
  const [gateway] = cluster.gateways;
  const doomed = await cluster.addWorker({ providers: [handlersOf('worker 1')] });
  const survivor = await cluster.addWorker({ providers: [handlersOf('worker 2')] });
  await cluster.linked();

  const socket = new WebSocket(gateway!.url);
  socket.on('message', (data: Buffer) => {
    const { id } = JSON.parse(data.toString()) as { id: number };
    checker.answered('ann', id);
  });
  socket.on('close', (code) => checker.disconnected('ann', code));
  await once(socket, 'open');
  checker.connected('ann');

  const link = await survivor.linkTo(gateway!);
  link.delay(3, { jitterMs: 5 });
  for (let count = 0; count < 50; count++) {
    const sequence = checker.sent('ann');
    socket.send(JSON.stringify({ event: 'count', data: sequence, id: sequence }));
    if (count === 20) {
      checker.workerLost('worker 1'); // before it happens: what it handles from now on has no effect
      await doomed.kill();
    }
    if (count === 35) {
      checker.linkBroken();
      link.cut();
    }
    await delay(random.below(5));
  }
  await expect.poll(() => checker.counts.answered).toBeGreaterThanOrEqual(50);
  checker.expectEnd('ann', 'dies'); // these handlers have no @OnClose
  socket.close();
  await cluster.close();

  expect(describeViolations(checker.verdict())).toBe('');
});
