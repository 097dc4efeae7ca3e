import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import {
  CloseCode,
  COMMANDS,
  encodeFrame,
  formatAddress,
  NONCE_BYTES,
  writeHello,
  writeRequest,
  type NodeAddress,
} from '#protocol';
import { upgradeRequest, WsClient } from '../../libs/gateway/src/test/clients.js';
import { TestGateway } from '../../libs/gateway/src/test/test-gateway.js';
import { Opcode, wsFrame } from '../../libs/gateway/src/test/ws-frames.js';
import { until } from '../links/link-kit.js';
import {
  announcedGateway,
  announcedWorker,
  gatewayAddress,
  PING,
  startRegister,
} from '../links/register-kit.js';

type GatewaySettings = Parameters<typeof TestGateway.start>[0];

/** A port under attack, of a node that has somebody else to serve meanwhile. */
export interface Stronghold {
  readonly address: NodeAddress;
  /** How an honest peer begins. */
  readonly hello: Buffer;
  /** What announces more than there is memory for; undefined where nothing is announced. */
  readonly lie: Buffer | undefined;
  /** A hello that takes too long is as bad as none; clients of raw TCP need not hurry. */
  readonly isHurried: boolean;
  /** Callers of the base protocol may say nothing at all for as long as they like: PHP keeps such links, and `maxLinks` bounds them. */
  readonly mayBeSilent?: boolean;
  /** What the node has counted of those that it turned away. */
  readonly counted: () => number;
  /** Somebody who does nothing wrong asks for something, and gets it. */
  readonly serve: () => Promise<void>;
}

export interface ClientStronghold extends Stronghold {
  /** Clients that were closed because they do not read. */
  readonly closedAsSlow: () => number;
}

/** Short, so that what a stranger gets no longer than that is seen to end. */
export const PATIENCE_MS = 400;

const addressOf = (url: string | undefined): NodeAddress => {
  const { hostname: host, port } = new URL(url ?? '');
  return { host, port: Number(port) };
};

async function gateway(
  settings: GatewaySettings,
): Promise<{ node: TestGateway; serve: () => Promise<void> }> {
  const node = await TestGateway.start({
    upgradeTimeoutMs: PATIENCE_MS,
    tcpIdleTimeoutMs: PATIENCE_MS,
    pingIntervalMs: 0,
    link: { handshakeTimeoutMs: PATIENCE_MS, frameTimeoutMs: PATIENCE_MS },
    ...settings,
  });
  const isNestwire = settings?.protocol === 'nestwire';
  const worker = isNestwire ? await node.nestwireWorker() : await node.worker();
  const heard = (): string[] => ('story' in worker ? worker.story : worker.texts);
  const client = await WsClient.open(node.ws);
  let asked = 0;
  const serve = async (): Promise<void> => {
    const text = `still there? ${asked++}`;
    client.send(text);
    await until(() => heard().includes(text), 'the worker has heard the client');
  };
  await serve();
  return { node, serve };
}

const GREETINGS = {
  ws: {
    hello: Buffer.from(upgradeRequest('/')),
    lie: Buffer.concat([
      Buffer.from(upgradeRequest('/')),
      wsFrame(Opcode.Binary, '', { announced: 2n ** 62n, lengthBits: 64 }),
    ]),
    isHurried: true,
  },
  lines: { hello: Buffer.from('a line\nand half of one'), lie: undefined, isHurried: false },
  lengths: { hello: Buffer.from('\0\0\0\x05hello\0\0'), lie: Buffer.alloc(4, 0xff), isHurried: false },
} as const;

export const clientPort =
  (greeting: keyof typeof GREETINGS, settings: GatewaySettings) => async (): Promise<ClientStronghold> => {
    const { node, serve } = await gateway(settings);
    const { stats } = node;
    return {
      ...GREETINGS[greeting],
      address: addressOf(greeting === 'ws' ? node.ws : node.tcp),
      closedAsSlow: () => stats.closedWith[CloseCode.SlowClient] ?? 0,
      counted: () => stats.badClientBytes + (stats.closedWith[CloseCode.MessageTooBig] ?? 0),
      serve,
    };
  };

/** A length of 4 GiB, and some checksum. */
const FRAME_LIE = Buffer.alloc(12, 0xff);

const lanPort = (protocol: 'base' | 'nestwire') => async (): Promise<Stronghold> => {
  const { node, serve } = await gateway({ protocol });
  const hello =
    protocol === 'base'
      ? encodeFrame((writer) =>
          writeRequest(writer, COMMANDS.sendToClient, { connectionId: 9, message: 'x'.repeat(40) }),
        )
      : encodeFrame((writer) => writeHello(writer, Buffer.alloc(NONCE_BYTES, 7)));
  return {
    hello,
    lie: FRAME_LIE,
    isHurried: true,
    mayBeSilent: protocol === 'base',
    address: node.gateway.address!,
    counted: () => node.stats.badLinks,
    serve,
  };
};

const registerPort = (protocol: 'base' | 'nestwire') => async (): Promise<Stronghold> => {
  const register = await startRegister({ announceTimeoutMs: PATIENCE_MS, protocol });
  let gateways = 0;
  return {
    hello:
      protocol === 'base' ? PING : encodeFrame((writer) => writeHello(writer, Buffer.alloc(NONCE_BYTES, 7))),
    lie: FRAME_LIE,
    isHurried: true,
    address: register.address,
    counted: () => register.refused.length,
    serve: async () => {
      const worker = await announcedWorker(register);
      const peer = await announcedGateway(register, gatewayAddress(++gateways));
      await until(() => worker.received.length > PING.length, 'the worker has been told of the gateway');
      worker.socket.destroy();
      peer.socket.destroy();
    },
  };
};

/** Every port that a node listens on. */
export const STRONGHOLDS: Readonly<Record<string, () => Promise<Stronghold>>> = {
  'WebSocket, our receiver': clientPort('ws', { receiver: 'nestwire' }),
  'WebSocket, the receiver of ws': clientPort('ws', { receiver: 'ws' }),
  'raw TCP, lines': clientPort('lines', {}),
  'raw TCP, lengths': clientPort('lengths', {
    listen: ['ws://127.0.0.1:0', 'tcp://127.0.0.1:0?frame=length'],
  }),
  'LAN, base protocol': lanPort('base'),
  'LAN, our own': lanPort('nestwire'),
  'register, base protocol': registerPort('base'),
};

/** A socket that means no good. */
export class Attacker {
  isClosed = false;
  receivedBytes = 0;

  private constructor(readonly socket: Socket) {
    socket.on('data', ({ length }: Buffer) => (this.receivedBytes += length));
    socket.on('close', () => (this.isClosed = true));
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
  }

  static async dial({ host, port }: NodeAddress): Promise<Attacker> {
    const socket = connect({ host, port, noDelay: true });
    const attacker = new Attacker(socket);
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
    return attacker;
  }

  static async many(address: NodeAddress, count: number): Promise<Attacker[]> {
    return Promise.all(Array.from({ length: count }, () => Attacker.dial(address)));
  }

  /** Waits until the system has taken it, or the other side has had enough. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.socket.destroyed || this.socket.write(bytes)) return;
    await Promise.race([once(this.socket, 'drain'), once(this.socket, 'close')]).catch(() => undefined);
  }

  async closed(): Promise<void> {
    await until(() => this.isClosed, `${formatAddress(this.#peer)} has closed the socket`);
  }

  get #peer(): NodeAddress {
    return { host: this.socket.remoteAddress ?? '?', port: this.socket.remotePort ?? 0 };
  }
}
