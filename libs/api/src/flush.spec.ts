import { describe, expect, it } from 'vitest';
import { NoRegisterError } from './errors.js';
import { extensionGateway, linkedByExtension, unstartedExtension } from './test/extension-kit.js';
import { ListedByHand, rejection, unstarted } from './test/pool-kit.js';

const MiB = 1024 * 1024;

describe('flush', () => {
  it('has a deadline also where questions have none, and no register answers', async () => {
    const { api, pool } = unstarted(new ListedByHand(), {
      questionTimeoutMs: 0,
      flushTimeoutMs: 30,
      startTimeoutMs: 0,
    });
    await pool.start();
    api.sendToAll('hello');
    const error = await rejection(api.flush());
    expect(error).toBeInstanceOf(NoRegisterError);
    expect(error).toMatchObject({ code: 'ERR_NESTWIRE_NO_REGISTER', timeoutMs: 30 });
  });

  it('waits for what was called before, not for what goes on being called', async () => {
    const node = await extensionGateway();
    const { api, pool } = await linkedByExtension([node], { flushTimeoutMs: 1_500 });
    const message = 'x'.repeat(MiB);
    node.link.pause();
    for (let i = 0; i < 16; i++) api.sendToAll(message);
    const flushed = api.flush();
    const more = setInterval(() => {
      while ((pool.members[0]?.channel.queuedBytes ?? 0) < 12 * MiB) api.sendToAll(message);
    }, 1);
    node.link.resume();
    await flushed.finally(() => clearInterval(more));
    expect(pool.members[0]?.channel.queuedBytes).toBeGreaterThan(0);
  });

  it('waits for what is held for a link that is being made, also when no more may be held', async () => {
    const node = await extensionGateway();
    const { api, pool } = unstartedExtension([node], { maxHeldBytes: 1_700 });
    const started = pool.start();
    for (let i = 0; i < 10; i++) api.sendToAll('x'.repeat(600));
    await api.flush();
    expect(pool.members[0]?.isLinked).toBe(true);
    await started;
    await node.until(() => node.of('sendToAll').length === 2);
    expect(pool.counters.droppedCommands).toBe(8);
  });
});
