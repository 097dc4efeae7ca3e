import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { until } from '../../../../test/links/link-kit.js';
import { bytesTaken } from './bytes-taken.js';

const LARGE = 32 * 1024 * 1024;

async function pair(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('No port');
  const far = connect(bound.port, '127.0.0.1');
  const [near] = (await once(server, 'connection')) as [Socket];
  onTestFinished(() => {
    far.destroy();
    near.destroy();
    server.close();
  });
  return { near, far };
}

it('the system is seen to take a large message bit by bit, of which the socket says nothing before the end', async () => {
  const { near, far } = await pair();
  far.pause();
  expect(bytesTaken(near)).toBe(0);
  near.write(Buffer.alloc(LARGE));
  expect(bytesTaken(near)).toBeLessThan(LARGE);
  let taken = bytesTaken(near);
  for (let more = 0; more < 3; more++) {
    far.resume();
    await until(() => bytesTaken(near) > taken, 'more is taken');
    far.pause();
    taken = bytesTaken(near);
    if (taken === LARGE) break;
    expect(near.writableLength).toBe(LARGE);
  }
  far.resume();
  await until(() => near.writableLength === 0, 'all of it is taken');
  expect(bytesTaken(near)).toBe(LARGE);
});

it('where Node does not say it, the socket does', () => {
  const socket = { bytesWritten: 100, writableLength: 30 };
  expect(bytesTaken(socket as Socket)).toBe(70);
  expect(bytesTaken({ ...socket, _handle: null } as unknown as Socket)).toBe(70);
});
