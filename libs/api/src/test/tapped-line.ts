import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { NodeAddress } from '#protocol';
import { cleanUp } from './pool-kit.js';

/** A line between a pool and its gateway, on which bytes can be put that no link would send: as the gateway's own, after its handshake. */
export class TappedLine {
  readonly address: NodeAddress;
  #toPool: Socket | undefined;

  private constructor(address: NodeAddress) {
    this.address = address;
  }

  static async to(gateway: NodeAddress): Promise<TappedLine> {
    const sockets = new Set<Socket>();
    const server = createServer((toPool) => {
      const toGateway = connect(gateway);
      for (const [from, to] of [
        [toPool, toGateway],
        [toGateway, toPool],
      ] as const) {
        sockets.add(from);
        from.setNoDelay(true);
        from.on('data', (chunk: Buffer) => to.write(chunk));
        from.on('error', () => undefined);
        from.on('close', () => {
          sockets.delete(from);
          to.destroy();
        });
      }
      line.#toPool = toPool;
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const line = new TappedLine({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
    cleanUp(async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    });
    return line;
  }

  /** To the pool, on the line that was made last. */
  inject(bytes: Uint8Array): void {
    this.#toPool?.write(bytes);
  }
}
