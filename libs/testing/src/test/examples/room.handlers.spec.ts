import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTestWorker, type TestWorker } from 'nestwire/testing';
import { RoomHandlers, Tokens } from './room.handlers.js';

describe('rooms', () => {
  let worker: TestWorker;

  beforeEach(async () => {
    worker = await createTestWorker({ providers: [RoomHandlers, Tokens] });
  });

  afterEach(() => worker.close());

  it('take who has a token', async () => {
    const ann = await worker.connect({ url: '/?token=secret-of-ann' });
    expect([ann.uid, ann.session]).toEqual(['ann', { name: 'ann' }]);
    const stranger = await worker.connect();
    expect(stranger.closed).toEqual({ code: 1008, reason: 'denied' });
  });

  it('carry what is said to their members', async () => {
    const ann = await worker.connect({ url: '/?token=secret-of-ann' });
    const bob = await worker.connect({ url: '/?token=secret-of-bob' });
    expect(await ann.ask('join', { room: 'lobby' })).toEqual({ members: 1 });
    expect(await bob.ask('join', { room: 'lobby' })).toEqual({ members: 2 });

    await ann.send({ event: 'say', data: { room: 'lobby', text: 'hi' } });
    expect(await bob.next()).toEqual({ event: 'said', data: { name: 'ann', text: 'hi' } });

    await ann.close();
    expect(await bob.next()).toEqual({ event: 'left', data: 'ann' });
    expect(await worker.api.isUidOnline('ann')).toBe(false);
  });

  it('tell what they refuse', async () => {
    const ann = await worker.connect({ url: '/?token=secret-of-ann' });
    await expect(ann.ask('dance')).rejects.toMatchObject({ replyCode: 'UNKNOWN_EVENT' });
  });

  it('answer late, in no time', async () => {
    const ann = await worker.connect({ url: '/?token=secret-of-ann' });
    vi.useFakeTimers();
    try {
      const answer = ann.ask('slow');
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await answer).toBe('at last');
    } finally {
      vi.useRealTimers();
    }
  });
});
