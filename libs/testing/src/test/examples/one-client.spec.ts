import { expect, it } from 'vitest';
import { createTestClient } from 'nestwire/testing';
import { RoomHandlers, Tokens } from './room.handlers.js';

it('joins a room', async () => {
  const { client, worker } = await createTestClient(
    { providers: [RoomHandlers, Tokens] },
    { url: '/?token=secret-of-ann' },
  );
  expect(await client.ask('join', { room: 'lobby' })).toEqual({ members: 1 });
  await worker.close();
});
