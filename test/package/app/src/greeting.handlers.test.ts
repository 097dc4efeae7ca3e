import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createTestWorker, type TestWorker } from 'nestwire/testing';
import { GreetingHandlers } from './greeting.handlers.js';
import { GroupSizes } from './group-sizes.command.js';

/** The handlers' tests as a reader of docs/testing.md writes them. */
void describe('greetings', () => {
  let worker: TestWorker;

  before(async () => {
    worker = await createTestWorker({ providers: [GreetingHandlers] }, { commands: [new GroupSizes()] });
  });

  after(() => worker.close());

  void it('welcome who connects', async () => {
    const client = await worker.connect({ url: '/front/door?from=test' });
    assert.deepEqual(await client.next(), { event: 'welcome', data: '/front/door' });
  });

  void it('need a name, and remember it', async () => {
    const client = await worker.connect();
    await assert.rejects(client.ask('who'), { replyCode: 'FORBIDDEN' });
    await assert.rejects(client.ask('greet', {}), { replyCode: 'BAD_REQUEST' });
    assert.deepEqual(await client.ask('greet', { name: 'ann' }), { hello: 'ann', id: client.id });
    assert.deepEqual([client.uid, client.groups, client.session], ['ann', ['greeted'], { name: 'ann' }]);
    assert.deepEqual(await client.ask('who'), { me: 'ann', type: 'message', uids: ['ann'], online: false });
    const sizes = await client.ask<{ answer: number[] }[]>('sizes');
    assert.deepEqual(sizes[0]?.answer, [1, 0]);
    await client.close();
    assert.equal(await worker.api.isUidOnline('ann'), false);
  });
});
