import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ListenError } from '#link';
import { listenOn } from './listening-server.js';

describe('a listening server', () => {
  it('goes on, and says so, when the system cannot hand over a connection', async () => {
    const server = createServer();
    onTestFinished(() => void server.close());
    const errors: Error[] = [];
    const bound = await listenOn(server, { host: '127.0.0.1', port: 0 }, (error) => errors.push(error));
    expect(bound.host).toBe('127.0.0.1');
    expect(bound.port).toBeGreaterThan(0);
    const noFiles = new Error('accept EMFILE');
    server.emit('error', noFiles); // as Node does when there are no file descriptors left
    expect(errors).toEqual([noFiles]);
    expect(server.listening).toBe(true);
  });

  it('names address, option and cause when the port is taken', async () => {
    const first = createServer();
    onTestFinished(() => void first.close());
    const address = await listenOn(first, { host: '127.0.0.1', port: 0 }, () => undefined);
    const error: unknown = await listenOn(createServer(), address, () => undefined).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toMatchObject({ address, option: 'gateway.listen', cause: { code: 'EADDRINUSE' } });
  });
});
