import type { Socket } from 'node:net';
import { byteStringFromText, CloseMode, COMMANDS } from '#protocol';
import type { Connection } from '../connection/connection.js';
import { clientFrame, RawClient, upgradeRequest, WsClient } from './clients.js';
import { BaseCrowdWorker, NestwireCrowdWorker, type CrowdWorker } from './crowd-workers.js';
import type { LanPeer } from './lan-peer.js';
import { NestwirePeer } from './nestwire-peer.js';
import type { TestGateway } from './test-gateway.js';

/** What may happen to a crowd of clients. `which` chooses among those who are there. */
export type CrowdStep =
  | { readonly do: 'come'; readonly as: Kind }
  | { readonly do: 'knock'; readonly bytes: number; readonly andReset: boolean }
  | { readonly do: ClientDeed; readonly which: number }
  | {
      readonly do: 'close';
      readonly which: number;
      readonly mode: CloseMode;
      readonly first: ClientDeed | undefined;
    }
  | { readonly do: 'bind' | 'join'; readonly which: number; readonly name: string }
  | { readonly do: 'worker comes' | 'worker leaves' | 'worker dies' | 'workers work' }
  | { readonly do: 'wait'; readonly ms: number };

/** What a client does. */
export const CLIENT_DEEDS = [
  'say',
  'say nonsense',
  'say too much',
  'stop reading',
  'leave',
  'hang up',
  'reset',
] as const;
export type ClientDeed = (typeof CLIENT_DEEDS)[number];

export const MAX_MESSAGE_BYTES = 100;

type Kind = 'browser' | 'mute' | 'tcp';

export type CrowdProtocol = 'base' | 'nestwire';

interface Member {
  readonly kind: Kind;
  readonly client: WsClient | RawClient;
}

/** Clients and workers of one gateway that come, go and misbehave as the steps say, all over real sockets. */
export class Crowd {
  /** Those that have left too. */
  readonly everyWorker: CrowdWorker[] = [];
  readonly #workers: CrowdWorker[] = [];
  readonly #members: Member[] = [];

  private constructor(
    private readonly node: TestGateway,
    private readonly protocol: CrowdProtocol,
    private readonly caller: Pick<LanPeer | NestwirePeer, 'command'>,
  ) {}

  /** @param protocol what the node speaks */
  static async around(node: TestGateway, protocol: CrowdProtocol): Promise<Crowd> {
    const isBase = protocol === 'base';
    return new Crowd(
      node,
      protocol,
      await (isBase ? node.caller() : NestwirePeer.dial(node.gateway.address)),
    );
  }

  async run(step: CrowdStep): Promise<void> {
    switch (step.do) {
      case 'come':
        return this.#come(step.as);
      case 'knock':
        return this.#knock(step.bytes, step.andReset);
      case 'close':
        return this.#close(step.which, step.mode, step.first);
      case 'bind':
      case 'join':
        return this.#name(step.do, step.which, step.name);
      case 'worker comes':
        return this.workerComes();
      case 'worker leaves':
        return this.#workers.shift()?.leave();
      case 'worker dies':
        return this.#workers.shift()?.die();
      case 'workers work':
        return this.#eachWorker((worker) => worker.work());
      case 'wait':
        return new Promise((resolve) => setTimeout(resolve, step.ms));
      default: {
        const member = this.#members[step.which % Math.max(1, this.#members.length)];
        if (member !== undefined) act(member, step.do);
      }
    }
  }

  async workerComes(): Promise<void> {
    const { node } = this;
    const worker =
      this.protocol === 'base'
        ? new BaseCrowdWorker(await node.worker())
        : new NestwireCrowdWorker(await node.nestwireWorker());
    this.#workers.push(worker);
    this.everyWorker.push(worker);
  }

  everybodyLeaves(): void {
    for (const member of this.#members) act(member, 'leave');
  }

  /** From now on all workers are done with everything at once. */
  workersWorkOn(): void {
    this.#eachWorker((worker) => worker.workOn());
  }

  /** Each worker has got what was sent to it. */
  async workersLeave(): Promise<void> {
    for (const worker of this.#workers.splice(0)) worker.leave();
    for (const worker of this.everyWorker) await worker.closed();
  }

  #eachWorker(act: (worker: CrowdWorker) => void): void {
    for (const worker of this.everyWorker) act(worker);
  }

  async #come(kind: Kind): Promise<void> {
    this.#members.push({ kind, client: await this.#client(kind) });
  }

  #client(kind: Kind): Promise<WsClient | RawClient> {
    const { ws, tcp } = this.node;
    if (kind === 'browser') return WsClient.open(ws);
    // One that is mute answers no ping and no close frame.
    return kind === 'mute' ? RawClient.upgrade(ws) : RawClient.dial(tcp);
  }

  /** Somebody who does not get to the end of his upgrade request, or goes as soon as it is sent. */
  async #knock(bytes: number, andReset: boolean): Promise<void> {
    const knocker = await RawClient.dial(this.node.ws);
    knocker.write(upgradeRequest('/').slice(0, bytes));
    if (andReset) knocker.socket.resetAndDestroy();
    else knocker.socket.end();
  }

  /** The gateway is told to end a client, who may be about to do something else. */
  async #close(which: number, mode: CloseMode, first: ClientDeed | undefined): Promise<void> {
    const connection = this.#connection(which);
    if (connection === undefined) return;
    if (first !== undefined) {
      const isIts = (member: Member): boolean =>
        socketOf(member)?.localPort === connection.transport.remotePort;
      const member = this.#members.find(isIts);
      if (member !== undefined) act(member, first);
    }
    this.caller.command(COMMANDS.closeClient, { connectionId: connection.id, mode });
  }

  #name(how: 'bind' | 'join', which: number, name: string): void {
    const connection = this.#connection(which);
    if (connection === undefined) return;
    const connectionId = connection.id;
    if (how === 'bind')
      this.caller.command(COMMANDS.bindUid, { connectionId, uid: byteStringFromText(name) });
    else this.caller.command(COMMANDS.joinGroup, { connectionId, group: byteStringFromText(name) });
  }

  #connection(which: number): Connection | undefined {
    const { connections } = this.node;
    return connections[which % Math.max(1, connections.length)];
  }
}

/** Undefined for a browser whose connection is over. */
function socketOf({ client }: Member): Socket | undefined {
  if (client instanceof RawClient) return client.socket;
  return (client.socket as unknown as { readonly _socket: Socket | null })._socket ?? undefined;
}

function act(member: Member, deed: ClientDeed): void {
  const socket = socketOf(member);
  if (socket === undefined || !socket.writable) return;
  switch (deed) {
    case 'say':
      return say(member, 'hello');
    case 'say too much':
      return say(member, 'x'.repeat(MAX_MESSAGE_BYTES + 1));
    case 'say nonsense':
      return void socket.write(Buffer.alloc(40, 0xff));
    case 'stop reading':
      return void socket.pause();
    case 'leave':
      if (member.client instanceof WsClient) member.client.socket.close(1000);
      else socket.end();
      return;
    // Without a close frame.
    case 'hang up':
      return void socket.end();
    case 'reset':
      return void socket.resetAndDestroy();
  }
}

function say({ kind, client }: Member, text: string): void {
  if (kind === 'mute') return (client as RawClient).write(clientFrame(1, text));
  if (client instanceof RawClient) return client.write(`${text}\n`);
  if (client.socket.readyState === client.socket.OPEN) client.send(text);
}
