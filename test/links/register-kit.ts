import { onTestFinished } from 'vitest';
import type { LogFacts, NodeLog } from '#link';
import {
  encodeFrame,
  formatAddress,
  gatewayKey,
  writeRegisterMessage,
  type GatewayEntry,
  type NodeAddress,
  type RegisterMessage,
} from '#protocol';
import { RegisterServer, type RefusalReason, type RegisterObserver, type RegisterOptions } from '#register';
import { RawPeer, until } from './link-kit.js';

/** Keeps what is logged, as `level text`. */
export class KeptLog implements NodeLog {
  readonly lines: string[] = [];
  readonly facts: (LogFacts | undefined)[] = [];

  log(text: string, facts?: LogFacts): void {
    this.#keep('log', text, facts);
  }

  warn(text: string, facts?: LogFacts): void {
    this.#keep('warn', text, facts);
  }

  error(text: string, facts?: LogFacts): void {
    this.#keep('error', text, facts);
  }

  of(level: 'log' | 'warn' | 'error'): string[] {
    return this.lines.filter((line) => line.startsWith(`${level} `));
  }

  #keep(level: string, text: string, facts: LogFacts | undefined): void {
    this.lines.push(`${level} ${text}`);
    this.facts.push(facts);
  }
}

export interface StartedRegister {
  readonly server: RegisterServer;
  readonly address: NodeAddress;
  readonly log: KeptLog;
  /** What its observer was told of refusals. */
  readonly refused: RefusalReason[];
  /** What its observer was told of the list, as `host:port` texts. */
  readonly lists: string[][];
}

/** A register of the base protocol on a free port, closed when the test is over. */
export async function startRegister(options: Partial<RegisterOptions> = {}): Promise<StartedRegister> {
  const log = new KeptLog();
  const refused: RefusalReason[] = [];
  const lists: string[][] = [];
  const observer: RegisterObserver = {
    refused: (reason) => refused.push(reason),
    gatewaysChanged: (gateways) => lists.push(gateways.map(({ address }) => formatAddress(address))),
  };
  const server = new RegisterServer(
    { listen: '127.0.0.1:0', secret: 's3cret', protocol: 'base', ...options },
    log,
    observer,
  );
  onTestFinished(() => server.close());
  const address = await server.listen();
  return { server, address, log, refused, lists };
}

/** A free port of 127.0.0.1, where nobody listens. */
export async function freeAddress(): Promise<NodeAddress> {
  const server = new RegisterServer({ listen: '127.0.0.1:0' });
  const address = await server.listen();
  await server.close();
  return address;
}

export function registerFrame(message: RegisterMessage): Buffer {
  return encodeFrame((writer) => writeRegisterMessage(writer, message));
}

export const PING = registerFrame({ type: 'ping' });

export function gatewayConnect(address: NodeAddress, secret = 's3cret'): Buffer {
  return registerFrame({ type: 'gatewayConnect', address, secret: Buffer.from(secret) });
}

export function workerConnect(secret = 's3cret'): Buffer {
  return registerFrame({ type: 'workerConnect', secret: Buffer.from(secret) });
}

export function gatewayList(...gateways: readonly NodeAddress[]): Buffer {
  return registerFrame({ type: 'gatewayList', gateways });
}

/** A gateway, or one of many, as `10.0.0.<number>:9108`. */
export function gatewayAddress(number: number): NodeAddress {
  return { host: `10.0.0.${number}`, port: 9108 };
}

/** How a gateway is listed of which the base protocol tells the address alone. */
export function baseEntry(address: NodeAddress): GatewayEntry {
  return { id: gatewayKey(address), address, zone: '', features: 0 };
}

/** A raw peer that has announced itself as a gateway, and that the register has listed. */
export async function announcedGateway(
  { server, address }: StartedRegister,
  as: NodeAddress,
): Promise<RawPeer> {
  const { pending } = server.stats;
  const peer = await RawPeer.dial(address);
  peer.write(gatewayConnect(as));
  const isListed = (): boolean =>
    server.gateways.some(({ address }) => formatAddress(address) === formatAddress(as));
  await until(() => isListed() && server.stats.pending === pending, 'the gateway is listed');
  return peer;
}

/** A raw peer that has announced itself as a worker and got its first list. */
export async function announcedWorker({ address }: StartedRegister): Promise<RawPeer> {
  const peer = await RawPeer.dial(address);
  peer.write(workerConnect());
  await peer.receivedBytes(PING.length);
  return peer;
}
