import type { AddressInfo, Server } from 'node:net';
import { ListenError } from '#link';
import type { NodeAddress } from '#protocol';

/** What the error says to change when a port is taken. */
const OPTION = 'gateway.listen';

/**
 * Takes the port of a client listener.
 * @param onError what the system says later, such as that there is no memory for one more socket: the server goes on
 * @returns where it listens: the port that the system gave when 0 was asked for
 * @throws ListenError when the port cannot be taken
 */
export async function listenOn(
  server: Server,
  address: NodeAddress,
  onError: (error: Error) => void,
): Promise<NodeAddress> {
  const { host, port } = address;
  await new Promise<void>((resolve, reject) => {
    const onRefused = (error: Error): void => reject(new ListenError(address, OPTION, error));
    server.once('error', onRefused);
    server.listen({ host, port }, () => {
      server.off('error', onRefused);
      resolve();
    });
  });
  // Without a listener for it, a single failed accept would end the process.
  server.on('error', onError);
  return { host, port: (server.address() as AddressInfo).port };
}
