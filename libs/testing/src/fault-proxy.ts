import { connect, type Socket } from 'node:net';
import { InvalidArgumentError, milliseconds, wholeNumber, type NodeAddress } from '#protocol';
import { noFaults, type Direction, type DirectionFaults, type Directions } from './fault-directions.js';
import { FaultLane } from './fault-lane.js';
import { LoopbackPort } from './loopback-port.js';
import { SeededRandom } from './random.js';

export interface FaultProxyOptions {
  /**
   * What delays draw their jitter from: with the same seed, and the same traffic, the same delays.
   * @default a generator of its own
   */
  readonly random?: SeededRandom;
}

export interface DelayOptions {
  /** Each chunk waits up to so much longer, in milliseconds. @default 0 */
  readonly jitterMs?: number;
  /** @default 'both' */
  readonly directions?: Directions;
}

interface Connection {
  readonly sockets: readonly [dialer: Socket, target: Socket];
  readonly lanes: Readonly<Record<Direction, FaultLane>>;
}

/**
 * A TCP proxy on loopback in front of one node, for tests: give its address to those that shall meet faults, and switch faults on and
 * off while they talk. Real sockets: what one side does, the other sees, late or never.
 * ```ts
 * const proxy = await FaultProxy.listen(gateway.address);
 * proxy.freeze('toDialer');   // bytes wait, and nothing is lost
 * proxy.heal();
 * ```
 */
export class FaultProxy {
  /**
   * Where connections made from now on go. Without one they are reset: the node behind it is not there yet.
   */
  target: NodeAddress | undefined;
  readonly #port: LoopbackPort;
  readonly #random: SeededRandom;
  readonly #faults: Readonly<Record<Direction, DirectionFaults>> = {
    toTarget: noFaults(),
    toDialer: noFaults(),
  };
  readonly #connections = new Set<Connection>();
  /** Also of connections that were cut, and whose peers do not read what comes before the end. */
  readonly #sockets = new Set<Socket>();

  private constructor(target: NodeAddress | undefined, options: FaultProxyOptions) {
    this.target = target;
    this.#random = options.random ?? new SeededRandom();
    this.#port = new LoopbackPort((socket) => this.#onDialled(socket));
  }

  /** @param target may be told later, as `proxy.target` */
  static async listen(target?: NodeAddress, options: FaultProxyOptions = {}): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, options);
    await proxy.#port.open();
    return proxy;
  }

  /** Where to dial instead of the target. It stays, also over `refuse` and `accept`. */
  get address(): NodeAddress {
    return this.#port.address;
  }

  /** Connections that are not over yet. */
  get connections(): number {
    return this.#connections.size;
  }

  /**
   * Each chunk waits so long, in milliseconds. Order is kept. What waits already leaves no later than now said; 0 sends it.
   * @throws InvalidArgumentError for anything but a time
   */
  delay(delayMs: number, { jitterMs = 0, directions = 'both' }: DelayOptions = {}): void {
    check('delayMs', milliseconds(0)(delayMs));
    check('jitterMs', milliseconds(0)(jitterMs));
    this.#change(directions, { delayMs, jitterMs });
  }

  /** Bytes wait in this proxy, in the system and then in their sender; nothing is lost. Ends and resets wait with them. */
  freeze(directions: Directions = 'both'): void {
    this.#change(directions, { isFrozen: true });
  }

  /** What waited goes on. */
  thaw(directions: Directions = 'both'): void {
    this.#change(directions, { isFrozen: false });
  }

  /**
   * Bytes go on in pieces of at most so many, each in a turn of its own. 0 leaves them whole.
   * @throws InvalidArgumentError for anything but a whole number
   */
  split(chunkBytes: number, directions: Directions = 'both'): void {
    check('chunkBytes', wholeNumber(0)(chunkBytes));
    this.#change(directions, { chunkBytes });
  }

  /**
   * Bytes are taken and thrown away, as on a way that leads nowhere: their sender notices by the silence alone. With one direction the
   * connection is one-way. `heal` resets connections that have lost something so.
   */
  swallow(directions: Directions = 'both'): void {
    this.#change(directions, { isSwallowing: true });
  }

  /** Ends all connections in order, with a FIN to both sides; what waits is lost. @returns how many there were */
  cut(): number {
    return this.#endAll((socket) => socket.end(() => socket.destroy()));
  }

  /** Ends all connections with a RST to both sides; what waits is lost. @returns how many there were */
  reset(): number {
    return this.#endAll((socket) => socket.resetAndDestroy());
  }

  /** New connections are refused, as where no process listens; those there are stay. */
  async refuse(): Promise<void> {
    await this.#port.close();
  }

  /** New connections are taken again, on the same port. */
  async accept(): Promise<void> {
    await this.#port.open();
  }

  /** Switches all faults off. Connections that have lost bytes are reset. */
  async heal(): Promise<void> {
    for (const connection of this.#connections) {
      const { toTarget, toDialer } = connection.lanes;
      if (toTarget.hasHole || toDialer.hasHole) this.#end(connection, (socket) => socket.resetAndDestroy());
    }
    this.#change('both', noFaults());
    await this.accept();
  }

  /** Ends everything. Resolves when the port is free. */
  async close(): Promise<void> {
    const closed = this.#port.close();
    this.#endAll((socket) => socket.destroy());
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #change(directions: Directions, change: Partial<DirectionFaults>): void {
    const changed: Direction[] = directions === 'both' ? ['toTarget', 'toDialer'] : [directions];
    for (const direction of changed) {
      Object.assign(this.#faults[direction], change);
      for (const { lanes } of this.#connections) lanes[direction].changed();
    }
  }

  #onDialled(dialer: Socket): void {
    if (this.target === undefined) return void dialer.on('error', () => undefined).resetAndDestroy();
    const target = connect({ ...this.target, allowHalfOpen: true, noDelay: true });
    const { toTarget, toDialer } = this.#faults;
    const connection: Connection = {
      sockets: [dialer, target],
      lanes: {
        toTarget: new FaultLane(dialer, target, toTarget, this.#random),
        toDialer: new FaultLane(target, dialer, toDialer, this.#random),
      },
    };
    this.#connections.add(connection);
    for (const socket of connection.sockets) {
      this.#sockets.add(socket);
      socket.on('close', () => this.#onClosed(socket, connection));
    }
  }

  #onClosed(socket: Socket, connection: Connection): void {
    this.#sockets.delete(socket);
    if (!connection.sockets.every((socket) => socket.destroyed)) return;
    this.#stop(connection);
  }

  #endAll(end: (socket: Socket) => void): number {
    const count = this.#connections.size;
    for (const connection of this.#connections) this.#end(connection, end);
    return count;
  }

  #end(connection: Connection, end: (socket: Socket) => void): void {
    this.#stop(connection);
    for (const socket of connection.sockets) end(socket);
  }

  #stop(connection: Connection): void {
    this.#connections.delete(connection);
    connection.lanes.toTarget.stop();
    connection.lanes.toDialer.stop();
  }
}

function check(argument: string, problem: string | undefined): void {
  if (problem !== undefined) throw new InvalidArgumentError(argument, problem);
}
