import { Server } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { LinkServer, ListenError, resolveLinkOptions } from '#link';
import { listenForLinks, LinkRecorder, RawPeer } from '../../../test/links/link-kit.js';

describe('a link server', () => {
  it('tells the port that it was given for 0', async () => {
    const { address } = await listenForLinks();
    expect(address.host).toBe('127.0.0.1');
    expect(address.port).toBeGreaterThan(0);
  });

  it('makes a link of each connection, and forgets it when it is gone', async () => {
    const { server, address, recorder } = await listenForLinks();
    const [one, two] = [await RawPeer.dial(address), await RawPeer.dial(address)];
    await recorder.link(1);
    expect(server.links.size).toBe(2);
    expect([...server.links].map((link) => link.peer)).toEqual(
      [one, two].map((peer) => `127.0.0.1:${peer.socket.localPort}`),
    );
    one.socket.destroy();
    await recorder.closing();
    expect(server.links.size).toBe(1);
  });

  it('refuses a port that is taken, with the option that names it', async () => {
    const { address } = await listenForLinks();
    const second = new LinkServer(resolveLinkOptions(), new LinkRecorder());
    const failure: unknown = await second.listen(address, 'register.listen').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ListenError);
    expect(failure).toMatchObject({
      code: 'ERR_NESTWIRE_LISTEN',
      option: 'register.listen',
      address,
      cause: { code: 'EADDRINUSE' },
    });
    expect(String(failure)).toContain('set register.listen to another address (port 0 takes a free one)');
  });

  it('closes in order: every link is told of before close resolves, and there is no new one', async () => {
    const { server, address, recorder } = await listenForLinks();
    const peers = await Promise.all([1, 2, 3].map(() => RawPeer.dial(address)));
    await recorder.link(2);
    for (const peer of peers) peer.socket.on('end', () => peer.socket.end());
    await server.close();
    expect(recorder.reasons).toEqual([undefined, undefined, undefined]);
    expect(server.links.size).toBe(0);
    await expect(RawPeer.dial(address)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('closed twice at once resolves both only when all links are gone', async () => {
    const { server, address, recorder } = await listenForLinks({ closeTimeoutMs: 50 });
    await RawPeer.dial(address); // which never closes its side
    await recorder.link();
    const states = await Promise.all(
      [server.close(), server.close()].map((closing) => closing.then(() => server.links.size)),
    );
    expect(states).toEqual([0, 0]);
    await server.close();
  });

  it('that never listened may be closed', async () => {
    const server = new LinkServer(resolveLinkOptions(), new LinkRecorder());
    await expect(server.close()).resolves.toBeUndefined();
  });

  it('writes down what keeps a connection out, and goes on', async () => {
    const lines: string[] = [];
    const log = {
      log: () => undefined,
      warn: () => undefined,
      error: (text: string) => void lines.push(text),
    };
    const recorder = new LinkRecorder();
    const server = new LinkServer(resolveLinkOptions(), recorder, log);
    onTestFinished(() => server.close());
    const listening = vi.spyOn(Server.prototype, 'listen');
    const address = await server.listen({ host: '127.0.0.1', port: 0 }, 'listen');
    const socketServer: unknown = listening.mock.contexts[0];
    listening.mockRestore();
    // The system has no switch for "no memory left": the socket's server is made to report what it would then report.
    expect(socketServer).toBeInstanceOf(Server);
    if (socketServer instanceof Server) socketServer.emit('error', new Error('accept ENOBUFS'));
    expect(lines).toEqual([`Could not accept a connection on 127.0.0.1:${address.port}: accept ENOBUFS`]);
    await RawPeer.dial(address);
    await recorder.link();
  });
});
