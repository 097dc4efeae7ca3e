import { Socket } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { linkToRawPeer } from '../../../test/links/link-kit.js';

it.each([
  [15_000, [[true, 15_000]]],
  [0, []],
])('a link is probed by the system with keepAliveMs: %i', async (keepAliveMs, calls) => {
  const setKeepAlive = vi.spyOn(Socket.prototype, 'setKeepAlive');
  onTestFinished(() => setKeepAlive.mockRestore());
  const { socket } = await linkToRawPeer({ keepAliveMs });
  const own = setKeepAlive.mock.contexts.flatMap((context, index) =>
    context === socket ? [setKeepAlive.mock.calls[index]] : [],
  );
  expect(own).toEqual(calls);
});
