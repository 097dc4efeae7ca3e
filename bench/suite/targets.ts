import { execPath } from 'node:process';
import { join } from 'node:path';
import { NEST_EVENT, RAW, SOCKET_IO, type Dialect, type Handlers } from './dialect.js';
import { freePort } from './free-port.js';
import type { Processes, RunningServer } from './processes.js';

export const TARGET_NAMES = [
  'nestwire',
  'nestwire-base',
  'plain-ws',
  'platform-ws',
  'socket.io',
  'reference',
] as const;
export type TargetName = (typeof TARGET_NAMES)[number];

/** What starting a target takes. */
export interface Launch {
  readonly processes: Processes;
  /** Folder of the built services. */
  readonly built: string;
  readonly handlers: Handlers;
  /** The C reference server's binary. */
  readonly reference: string | undefined;
}

/** A target that serves. */
export interface RunningTarget {
  readonly port: number;
  /** All the processes that a message goes through, whose processor time and memory count. */
  readonly servers: readonly RunningServer[];
}

/** A server, or several that make one, as the scenarios measure it. */
export interface Target {
  readonly name: TargetName;
  readonly label: string;
  readonly dialect: Dialect;
  start(launch: Launch): Promise<RunningTarget>;
}

const READY = /"port"/;

export const TARGETS: Readonly<Record<TargetName, Target>> = {
  nestwire: { name: 'nestwire', label: 'Nestwire', dialect: RAW, start: (launch) => startNestwire(launch) },
  'nestwire-base': {
    name: 'nestwire-base',
    label: 'Nestwire without acknowledgements',
    dialect: RAW,
    start: (launch) => startNestwire(launch, { NESTWIRE_INTEROP: 'swoole-worker' }),
  },
  'plain-ws': { name: 'plain-ws', label: 'plain ws', dialect: RAW, start: peer('plain-ws') },
  'platform-ws': {
    name: 'platform-ws',
    label: 'Nest platform-ws',
    dialect: NEST_EVENT,
    start: async (launch) =>
      peer(launch.handlers === 'validated' ? 'platform-ws-validated' : 'platform-ws')(launch),
  },
  'socket.io': {
    name: 'socket.io',
    label: 'Nest socket.io + Redis',
    dialect: SOCKET_IO,
    start: startSocketIo,
  },
  reference: { name: 'reference', label: 'C server', dialect: RAW, start: startReference },
};

/**
 * Register, gateway and worker, as anyone runs them; only the worker's handlers are the bench's.
 * @param more over the base protocol, as with nodes of the original, nothing is acknowledged: that shows what it costs
 */
async function startNestwire(
  { processes, built, handlers }: Launch,
  more: Readonly<Record<string, string>> = {},
): Promise<RunningTarget> {
  const [registerPort, lanPort, port] = [await freePort(), await freePort(), await freePort()];
  const variables = {
    NESTWIRE_REGISTER: `127.0.0.1:${registerPort}`,
    NESTWIRE_LAN: `127.0.0.1:${lanPort}`,
    NESTWIRE_LISTEN: `ws://127.0.0.1:${port}`,
    // No peer spares itself: the churn of each is what it can do.
    NESTWIRE_ACCEPTS: '0',
    ...more,
  };
  const service = async (script: string, ready: RegExp, ...args: string[]): Promise<RunningServer> =>
    processes.start({ program: execPath, args: [join(built, script), ...args], variables, ready });
  const register = await service('apps/register/src/main.js', /successfully started/);
  const [gateway, worker] = await Promise.all([
    service('apps/gateway/src/main.js', /takes events/),
    service('bench/worker/main.js', /Taking events/, handlers),
  ]);
  return { port, servers: [gateway, worker, register] };
}

/** A peer that is one process of Node. */
function peer(script: string) {
  return async ({ processes, built }: Launch): Promise<RunningTarget> => {
    const port = await freePort();
    return { port, servers: [await startPeer(processes, built, script, port)] };
  };
}

async function startPeer(
  processes: Processes,
  built: string,
  script: string,
  ...args: number[]
): Promise<RunningServer> {
  return processes.start({
    program: execPath,
    args: [join(built, `bench/peers/${script}.js`), ...args.map(String)],
    ready: READY,
  });
}

/** With a Redis server that keeps nothing. @throws ProgramMissingError where redis-server is not installed */
async function startSocketIo({ processes, built }: Launch): Promise<RunningTarget> {
  const [redisPort, port] = [await freePort(), await freePort()];
  const redis = await processes.start({
    program: 'redis-server',
    args: ['--bind', '127.0.0.1', '--port', String(redisPort), '--save', '', '--appendonly', 'no'],
    ready: /Ready to accept connections/,
  });
  const server = await startPeer(processes, built, 'socket-io', port, redisPort);
  return { port, servers: [server, redis] };
}

async function startReference({ processes, reference }: Launch): Promise<RunningTarget> {
  const port = await freePort();
  // The caller leaves this target out when it was not told where the program is.
  const server = await processes.start({ program: reference!, args: [String(port)], ready: /listening/ });
  return { port, servers: [server] };
}
