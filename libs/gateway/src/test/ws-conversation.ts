import { expect } from 'vitest';
import { CloseCode } from '#protocol';
import { until } from '../../../../test/links/link-kit.js';
import type { GatewayOptions } from '../gateway-options.js';
import type { GatewayStats } from '../gateway-stats.js';
import { RawClient, upgradeRequest, WsClient } from './clients.js';
import type { WorkerPeer } from './lan-peer.js';
import { decoded, TestGateway } from './test-gateway.js';
import { Opcode, wsFrame } from './ws-frames.js';

export type ReceiverName = GatewayOptions['receiver'];
export const RECEIVERS: readonly ReceiverName[] = ['nestwire', 'ws'];

/** What a client sends, and all that it and the worker see of it. */
export interface Conversation {
  readonly what: string;
  /** Each in a segment of its own. */
  readonly sent: readonly Uint8Array[];
  /** The messages that the worker gets: opcode and data. */
  readonly heard?: readonly (readonly [number, Buffer | string])[];
  /** The frames that the client gets, to the byte. */
  readonly answered?: readonly Buffer[];
  /** What the worker is told of its end; the client's TCP connection is closed, too. By default it stays open. */
  readonly closing?: { readonly code: number; readonly reason?: string };
  /** The gateway counts that it closed the client, and all but 1009 as a violation, too. */
  readonly isRefused?: boolean;
  /** The first of what is sent comes in the same segment as the end of the upgrade request. */
  readonly isGlued?: boolean;
  readonly options?: Partial<GatewayOptions>;
}

const STILL_OPEN = 'still open?';

export function serverFrame(opcode: number, payload: Uint8Array | string = ''): Buffer {
  return wsFrame(opcode, payload, { mask: null });
}

/** Stands between two writes, so that each leaves in a segment of its own. */
export async function nextSegment(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** Two clients of one gateway: the one that a test is about, and one that must not notice. */
export class Stage {
  private constructor(
    readonly node: TestGateway,
    readonly worker: WorkerPeer,
    readonly bystander: WsClient,
    readonly client: RawClient,
    readonly connectionId: number,
  ) {}

  static async set(
    receiver: ReceiverName,
    options: Partial<GatewayOptions> = {},
    glued?: Uint8Array,
  ): Promise<Stage> {
    // So long that what only this timer would end is not ended in time for the test.
    const node = await TestGateway.start({ receiver, closeTimeoutMs: 60_000, ...options });
    const worker = await node.worker();
    const bystander = await WsClient.open(node.ws);
    await worker.event('open');
    const client = glued === undefined ? await RawClient.upgrade(node.ws) : await gluedClient(node, glued);
    const opened = (): number[] =>
      worker.events.flatMap((event) => (event.type === 'open' ? [event.connectionId] : []));
    await until(() => opened().length === 2, 'the worker knows both clients');
    return new Stage(node, worker, bystander, client, opened()[1]!);
  }

  /** The messages of the client so far, as the worker got them. */
  get heard(): (readonly [number, string])[] {
    return this.worker.events.flatMap((event) =>
      event.type === 'message' && event.connectionId === this.connectionId
        ? [[event.opcode, event.data.toString('hex')] as const]
        : [],
    );
  }

  async told(): Promise<unknown> {
    let details: Buffer | undefined;
    await until(() => {
      for (const event of this.worker.events)
        if (event.type === 'close' && event.connectionId === this.connectionId) ({ details } = event);
      return details !== undefined;
    }, 'the worker is told of the end');
    return decoded(details!);
  }

  /** The other client is there and heard. Everything that came before it has reached the worker then. */
  async expectBystanderUnaffected(): Promise<void> {
    this.bystander.send('beside');
    await until(() => this.worker.texts.at(-1) === 'beside', 'the bystander is heard');
    expect(this.bystander.closing).toBeUndefined();
    expect(this.worker.events.filter(({ type }) => type === 'close').length).toBeLessThanOrEqual(1);
  }
}

async function gluedClient(node: TestGateway, bytes: Uint8Array): Promise<RawClient> {
  const client = await RawClient.dial(node.ws);
  client.write(Buffer.concat([Buffer.from(upgradeRequest('/')), bytes]));
  const head = await client.until((text) => text.includes('\r\n\r\n'), 'the upgrade is answered');
  const rest = client.received.subarray(head.indexOf('\r\n\r\n') + 4);
  client.chunks.splice(0, client.chunks.length, rest);
  return client;
}

/** Plays it on real sockets and asserts what both ends see. */
export async function expectConversation(receiver: ReceiverName, conversation: Conversation): Promise<void> {
  const {
    sent,
    heard = [],
    answered = [],
    closing,
    isGlued = false,
    isRefused = false,
    options,
  } = conversation;
  const stage = await Stage.set(receiver, options, isGlued ? sent[0] : undefined);
  const { client, node } = stage;
  for (const piece of isGlued ? sent.slice(1) : sent) {
    client.write(piece);
    await nextSegment();
  }
  const expected = [...answered];
  if (closing === undefined) {
    client.write(wsFrame(Opcode.Ping, STILL_OPEN));
    expected.push(serverFrame(Opcode.Pong, STILL_OPEN));
    await client.until((text) => text.endsWith(STILL_OPEN), 'it is still open');
  } else {
    await client.closed();
    expect(await stage.told()).toMatchObject({ ...closing, ws: 1 });
  }
  expect(client.received.toString('hex')).toBe(Buffer.concat(expected).toString('hex'));
  await stage.expectBystanderUnaffected();
  expect(stage.heard).toEqual(heard.map(([opcode, data]) => [opcode, Buffer.from(data).toString('hex')]));
  expect(client.isClosed).toBe(closing !== undefined);
  expectCounted(node.stats, isRefused ? closing?.code : undefined);
}

function expectCounted({ closedWith, badClientBytes }: GatewayStats, refusedWith: number | undefined): void {
  expect(badClientBytes).toBe(refusedWith === undefined || refusedWith === CloseCode.MessageTooBig ? 0 : 1);
  // Only what the gateway closes itself is counted by code.
  const counted = Object.entries(closedWith).filter(([, count]) => count !== 0);
  expect(counted).toEqual(refusedWith === undefined ? [] : [[`${refusedWith}`, 1]]);
}
