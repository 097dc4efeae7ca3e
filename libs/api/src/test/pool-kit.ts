import { afterEach } from 'vitest';
import type { LogFacts, NodeLog } from '#link';
import {
  formatClientId,
  jsonSessionCodec,
  type ClientId,
  type GatewayEntry,
  type NodeAddress,
  type SessionCodec,
} from '#protocol';
import type { Membership, MembershipListener } from '#register';
import { GatewayApi } from '../gateway-api.js';
import { GatewayPool } from '../gateway-pool.js';
import type { PoolOptions } from '../pool-options.js';
import { ScriptedGateway } from './scripted-gateway.js';

/** Gateways as the test lists them; unlike a static list, it may be late and may change. */
export class ListedByHand implements Membership {
  readonly #listeners = new Set<MembershipListener>();
  #gateways: readonly GatewayEntry[] | undefined;

  constructor(gateways?: readonly (NodeAddress | GatewayEntry)[]) {
    this.#gateways = gateways?.map(entryOf);
  }

  get gateways(): readonly GatewayEntry[] | undefined {
    return this.#gateways;
  }

  list(...gateways: readonly (NodeAddress | GatewayEntry)[]): void {
    const entries = gateways.map(entryOf);
    this.#gateways = entries;
    for (const listener of this.#listeners) listener(entries);
  }

  subscribe(listener: MembershipListener): () => void {
    this.#listeners.add(listener);
    if (this.#gateways !== undefined) listener(this.#gateways);
    return () => this.#listeners.delete(listener);
  }

  start(): void {}

  async close(): Promise<void> {}
}

/** A bare address has no id, as in a static membership. */
function entryOf(gateway: NodeAddress | GatewayEntry): GatewayEntry {
  return 'id' in gateway ? gateway : { id: '', address: gateway, zone: '', features: 0 };
}

/** What was logged, for tests of what an operator is told. */
export class KeptLog implements NodeLog {
  readonly lines: { readonly level: string; readonly text: string; readonly facts: LogFacts | undefined }[] =
    [];

  log(text: string, facts?: LogFacts): void {
    this.lines.push({ level: 'log', text, facts });
  }

  warn(text: string, facts?: LogFacts): void {
    this.lines.push({ level: 'warn', text, facts });
  }

  error(text: string, facts?: LogFacts): void {
    this.lines.push({ level: 'error', text, facts });
  }

  warnings(part: string): number {
    return this.lines.filter(({ level, text }) => level === 'warn' && text.includes(part)).length;
  }
}

export interface Kit {
  readonly api: GatewayApi;
  readonly pool: GatewayPool;
  readonly membership: ListedByHand;
  readonly log: KeptLog;
}

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** Runs `cleanup` after the test, those registered last first. */
export function cleanUp(cleanup: () => Promise<void>): void {
  cleanups.push(cleanup);
}

export async function gateway(...args: Parameters<typeof ScriptedGateway.start>): Promise<ScriptedGateway> {
  const started = await ScriptedGateway.start(...args);
  cleanups.push(() => started.stop());
  return started;
}

/** Two gateways, the one with the lower key first. */
export async function twoGateways(
  first: Parameters<typeof ScriptedGateway.start>[0],
  second: Parameters<typeof ScriptedGateway.start>[0],
): Promise<[ScriptedGateway, ScriptedGateway]> {
  // Keys order like ports here, and the system gives ports in no order: whoever got the lower one is the first.
  const ports = await Promise.all([gateway(), gateway()]);
  const [low, high] = ports.map(({ address }) => address.port).toSorted((a, b) => a - b);
  await Promise.all(ports.map((probe) => probe.stop()));
  return [await gateway(first, low), await gateway(second, high)];
}

const QUICK: Partial<PoolOptions> = {
  backoff: { minDelayMs: 10, maxDelayMs: 50 },
  link: { closeTimeoutMs: 200 },
};

/** A pool that is not started, which speaks the base protocol unless it is told otherwise. */
export function unstarted(
  membership: ListedByHand,
  options: Partial<PoolOptions> = {},
  codec: SessionCodec = jsonSessionCodec,
): Kit {
  const log = new KeptLog();
  const pool = new GatewayPool(membership, { ...QUICK, protocol: 'base', log, ...options });
  cleanups.push(() => pool.close());
  return { api: new GatewayApi(pool, codec), pool, membership, log };
}

/** A pool that is linked to these gateways. */
export async function linkedTo(
  gateways: readonly ScriptedGateway[],
  options: Partial<PoolOptions> = {},
  codec: SessionCodec = jsonSessionCodec,
): Promise<Kit> {
  const kit = unstarted(new ListedByHand(gateways.map(({ address }) => address)), options, codec);
  await kit.pool.start();
  return kit;
}

export function clientOf(owner: ScriptedGateway, connectionId: number): ClientId {
  return formatClientId(owner.key, connectionId);
}

export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('It was expected to reject');
}
