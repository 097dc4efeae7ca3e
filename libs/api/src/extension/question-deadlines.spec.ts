import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COMMANDS } from '#protocol';
import { DeadlineWatch } from '../deadline-watch.js';
import {
  GatewayLostError,
  GatewayUnavailableError,
  PartialResultError,
  QuestionTimeoutError,
  type QuestionFailedError,
} from '../errors.js';
import { PendingQuestion } from '../pending-question.js';
import { clientAt, extensionGateway, linkedByExtension } from '../test/extension-kit.js';
import type { ExtensionGateway } from '../test/extension-gateway.js';
import { cleanUp } from '../test/pool-kit.js';
import { SILENCE } from '../test/scripted-gateway.js';

const DEADLINE_MS = 300;
const QUICK = { questionTimeoutMs: DEADLINE_MS };

interface Failure {
  readonly error: unknown;
  readonly tookMs: number;
}

async function failureOf(question: Promise<unknown>): Promise<Failure> {
  const begin = performance.now();
  const error: unknown = await question.then(
    (answer) => new Error(`It was answered with ${String(answer)}`),
    (reason: unknown) => reason,
  );
  return { error, tookMs: performance.now() - begin };
}

function expectAtDeadline({ error, tookMs }: Failure, { address }: ExtensionGateway): void {
  expect(error).toBeInstanceOf(QuestionTimeoutError);
  expect(error).toMatchObject({
    code: 'ERR_NESTWIRE_QUESTION_TIMEOUT',
    gateway: address,
    timeoutMs: DEADLINE_MS,
  });
  expect(tookMs).toBeGreaterThanOrEqual(DEADLINE_MS - 2); // timers may be a millisecond early
  expect(tookMs).toBeLessThan(2 * DEADLINE_MS);
}

const unhandled: unknown[] = [];
const keep = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', keep);
});
afterEach(async () => {
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', keep);
  expect(unhandled).toEqual([]);
});

describe('questions to a gateway that freezes', () => {
  it('fail at their deadline, each at its own, and its answers after that reach nobody', async () => {
    const node = await extensionGateway({ script: { isOnline: () => true, getClientCount: () => 7 } });
    const { api, pool } = await linkedByExtension([node], QUICK);
    expect(await api.getClientCount()).toBe(7);
    // Stopped, as by SIGSTOP: the system still takes what is sent to it, and nobody reads it.
    node.link.pause();
    const early = failureOf(api.isOnline(clientAt(node, 1)));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const late = failureOf(api.isOnline(clientAt(node, 2)));
    for (const failure of await Promise.all([early, late])) expectAtDeadline(failure, node);
    expect(pool.counters.lateReplies).toBe(0);
    node.link.resume();
    await expect.poll(() => pool.counters.lateReplies).toBe(2);
    expect(await api.getClientCount()).toBe(7);
    expect(node.peers).toHaveLength(1);
  });

  it('fail alone: others are answered meanwhile, and one to all gateways has what they said', async () => {
    const frozen = await extensionGateway({ script: { getClientCount: () => SILENCE } });
    const sound = await extensionGateway({ script: { getClientCount: () => 2, isOnline: () => true } });
    const { api } = await linkedByExtension([frozen, sound], QUICK);
    const all = failureOf(api.getClientCount());
    expect(await api.isOnline(clientAt(sound, 1))).toBe(true);
    const { error, tookMs } = await all;
    expect(error).toBeInstanceOf(PartialResultError);
    expect(error).toMatchObject({
      code: 'ERR_NESTWIRE_PARTIAL_RESULT',
      partial: 2,
      missing: [frozen.address],
    });
    expectAtDeadline({ error: error instanceof Error ? error.cause : undefined, tookMs }, frozen);
    expect(await api.isOnline(clientAt(sound, 1))).toBe(true);
  });

  it('fail before it as lost where the silence is found out first, and not once more at their deadline', async () => {
    const node = await extensionGateway({ script: { isOnline: () => SILENCE } });
    const { api, pool } = await linkedByExtension([node], { ...QUICK, gatewaySilenceTimeoutMs: 90 });
    node.answersPings = false;
    const { error, tookMs } = await failureOf(api.isOnline(clientAt(node, 1)));
    expect(error).toBeInstanceOf(GatewayLostError);
    expect(error).toMatchObject({
      code: 'ERR_NESTWIRE_GATEWAY_LOST',
      cause: { code: 'ERR_NESTWIRE_SILENT_PEER' },
    });
    expect(tookMs).toBeLessThan(2 * DEADLINE_MS);
    expect(pool.counters).toMatchObject({ lostLinks: 1, lateReplies: 0 });
  });
});

describe('questions to a gateway that dies', () => {
  it('fail at once when they were asked, and those that wait for the next link at their deadline', async () => {
    const node = await extensionGateway({ script: { isOnline: () => SILENCE } });
    const { api, pool } = await linkedByExtension([node], QUICK);
    const asked = failureOf(api.isOnline(clientAt(node, 1)));
    await node.until(() => node.of('isOnline').length === 1);
    await node.stop();
    const { error, tookMs } = await asked;
    expect(error).toBeInstanceOf(GatewayLostError);
    expect(error).toMatchObject({ code: 'ERR_NESTWIRE_GATEWAY_LOST' });
    expect(tookMs).toBeLessThan(DEADLINE_MS);

    // As where its machine is gone: what is dialled does not refuse, and nothing comes back.
    const dialled = await muteAt(node);
    await expect.poll(() => dialled.length).toBeGreaterThan(0);
    expectAtDeadline(await failureOf(api.isOnline(clientAt(node, 1))), node);
    expect(pool.members[0]?.isLinked).toBe(false);
  });

  it('fail at once as not reachable where nobody listens any more', async () => {
    const node = await extensionGateway();
    const { api, pool } = await linkedByExtension([node], {
      ...QUICK,
      backoff: { minDelayMs: 5_000, maxDelayMs: 5_000 },
    });
    await node.stop();
    await expect.poll(() => pool.members[0]?.isLinked).toBe(false);
    const { error, tookMs } = await failureOf(api.isOnline(clientAt(node, 1)));
    expect(error).toBeInstanceOf(GatewayUnavailableError);
    expect(error).toMatchObject({ code: 'ERR_NESTWIRE_GATEWAY_UNAVAILABLE', gateway: node.address });
    expect(tookMs).toBeLessThan(DEADLINE_MS);
  });
});

describe('the end of a question', () => {
  it('is told once, though its deadline passes, its link ends and its pool is closed', async () => {
    const deadlines = new DeadlineWatch();
    const gateway = { host: '127.0.0.1', port: 1 };
    const ends: unknown[] = [];
    const question = new PendingQuestion(
      { gateway, deadlines, timeoutMs: 20, overdueMs: 10_000 },
      COMMANDS.isOnline,
      {
        answered: (answer) => ends.push(answer),
        failed: ({ code }: Error & Partial<QuestionFailedError>) => ends.push(code),
      },
    );
    await expect.poll(() => ends.length).toBe(1);
    question.fail(new GatewayLostError(gateway));
    question.fail(new GatewayUnavailableError(gateway, 'is not listed any more'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    deadlines.close();
    expect(ends).toEqual(['ERR_NESTWIRE_QUESTION_TIMEOUT']);
    expect(question.isSettled).toBe(true);
  });
});

/** Takes connections where that gateway was, and says nothing on them. @returns those that came */
async function muteAt({ address }: ExtensionGateway): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined); // it is reset by its dialler
  });
  server.listen(address.port, address.host);
  await once(server, 'listening');
  cleanUp(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return sockets;
}
