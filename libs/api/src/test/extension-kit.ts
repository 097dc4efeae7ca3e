import { jsonSessionCodec, formatClientId, Opcode, type ClientId, type GatewayEvent } from '#protocol';
import type { EventSink, EventSource, SessionWrite } from '../event-port.js';
import type { PoolOptions } from '../pool-options.js';
import { ExtensionGateway, type ExtensionGatewayOptions } from './extension-gateway.js';
import { ListedByHand, cleanUp, unstarted, type Kit } from './pool-kit.js';

export const TERMS = { windowBytes: 1_000_000 };
const NO_SESSION = Buffer.alloc(0);

export async function extensionGateway(options?: ExtensionGatewayOptions): Promise<ExtensionGateway> {
  const gateway = await ExtensionGateway.start(options);
  cleanUp(() => gateway.stop());
  return gateway;
}

/** A pool that speaks the extension, and is not started. */
export function unstartedExtension(
  gateways: readonly ExtensionGateway[],
  options: Partial<PoolOptions> = {},
): Kit {
  const membership = new ListedByHand(gateways.map(({ entry }) => entry));
  return unstarted(membership, { protocol: 'nestwire', ...options }, jsonSessionCodec);
}

export async function linkedByExtension(
  gateways: readonly ExtensionGateway[],
  options: Partial<PoolOptions> = {},
): Promise<Kit> {
  const kit = unstartedExtension(gateways, options);
  await kit.pool.start();
  return kit;
}

export function clientAt(gateway: ExtensionGateway, connectionId: number): ClientId {
  return formatClientId(gateway.id, connectionId);
}

export function textEvent(connectionId: number, text: string, session: Buffer = NO_SESSION): GatewayEvent {
  return {
    type: 'message',
    connectionId,
    session,
    opcode: Opcode.Text,
    flags: 0x21,
    data: Buffer.from(text),
  };
}

export function binaryEvent(connectionId: number, text: string): GatewayEvent {
  return { type: 'receive', connectionId, session: NO_SESSION, data: Buffer.from(text) };
}

/** A promise that a test resolves. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

/** One call of the sink. */
export interface Taken {
  readonly source: EventSource;
  readonly text: string;
  readonly sequence: number;
  readonly isRedelivered: boolean;
}

/** Keeps what it is told, and lets a test wait for it. */
export class KeptSink implements EventSink {
  readonly taken: Taken[] = [];
  readonly lost: string[] = [];
  readonly interruptions: EventSource[] = [];
  readonly writes: { readonly connectionId: number; readonly write: SessionWrite }[] = [];
  readonly applied: number[] = [];
  /** What `interrupted` waits for. */
  handlers: Promise<void> = Promise.resolve();
  onEvent: (taken: Taken) => void = () => undefined;
  #wake: (() => void)[] = [];

  event(...[source, event, sequence, isRedelivered]: Parameters<EventSink['event']>): void {
    const text = 'data' in event ? event.data.toString() : event.type;
    this.#take({ source, text, sequence, isRedelivered });
  }

  async interrupted(source: EventSource): Promise<void> {
    this.interruptions.push(source);
    this.#changed();
    await this.handlers;
  }

  sessionWritten(_source: EventSource, connectionId: number, write: SessionWrite): void {
    this.writes.push({ connectionId, write });
  }

  sessionsApplied(source: EventSource): void {
    this.applied.push(source.appliedWrites);
    this.#changed();
  }

  gatewayLost(gateway: string): void {
    this.lost.push(gateway);
    this.#changed();
  }

  get texts(): readonly string[] {
    return this.taken.map(({ text }) => text);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  #take(taken: Taken): void {
    this.taken.push(taken);
    this.onEvent(taken);
    this.#changed();
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
