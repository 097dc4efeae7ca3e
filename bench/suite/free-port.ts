import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below 32768, where the system takes the near ends of connections from: none of those can get in between. */
const FIRST = 10_000;
const LAST = 32_000;
/** Test files run side by side, in processes of their own: far apart, they do not probe the same ports. */
let next = FIRST + ((process.pid * 97) % (LAST - FIRST));

/** A port on loopback that nobody listens on, for a service that has to come back to the same place after a restart. */
export async function freePort(): Promise<number> {
  for (let attempt = FIRST; attempt < LAST; attempt++) {
    const port = next++;
    if (next >= LAST) next = FIRST;
    if (await isFree(port)) return port;
  }
  throw new Error(`No port between ${FIRST} and ${LAST} is free`);
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen({ port, host: '127.0.0.1', exclusive: true });
    await once(probe, 'listening');
  } catch {
    return false;
  }
  probe.close();
  await once(probe, 'close');
  return true;
}
