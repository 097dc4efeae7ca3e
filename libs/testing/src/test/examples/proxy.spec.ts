import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { FaultProxy } from 'nestwire/testing';

it('holds back what is sent while it is frozen', async () => {
  const server = createServer((socket: Socket) => socket.on('error', () => undefined).pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const proxy = await FaultProxy.listen({ host: '127.0.0.1', port });
  const socket = connect(proxy.address);
  await once(socket, 'connect');

  proxy.freeze('toTarget');
  socket.write('echo');
  proxy.delay(20, { jitterMs: 10, directions: 'toDialer' });
  proxy.thaw();
  const [echo] = (await once(socket, 'data')) as [Buffer];
  expect(echo.toString()).toBe('echo');

  proxy.reset();
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNRESET');
  await proxy.close();
  server.close();
});
