import { until } from '../../../../test/links/link-kit.js';
import type { Connection } from '../connection/connection.js';
import { RawClient } from './clients.js';
import type { TestGateway } from './test-gateway.js';
import { Opcode, wsFrame } from './ws-frames.js';

/** A client that may stop reading, and knows what it should have got, byte by byte. */
export class StallingClient {
  readonly #expected: Buffer[] = [];
  #expectedBytes = 0;

  private constructor(
    readonly raw: RawClient,
    readonly connection: Connection,
    /** How its listener puts one text on the wire. */
    private readonly framed: (payload: Buffer) => Buffer,
  ) {}

  static async ws(node: TestGateway): Promise<StallingClient> {
    return StallingClient.#come(node, await RawClient.upgrade(node.ws), (payload) =>
      wsFrame(Opcode.Text, payload, { mask: null }),
    );
  }

  /** On a listener with `frame=newline`. */
  static async tcp(node: TestGateway): Promise<StallingClient> {
    return StallingClient.#come(node, await RawClient.dial(node.tcp), (payload) =>
      Buffer.concat([payload, Buffer.from('\n')]),
    );
  }

  static async #come(
    node: TestGateway,
    raw: RawClient,
    framed: (payload: Buffer) => Buffer,
  ): Promise<StallingClient> {
    const isIts = ({ transport }: Connection): boolean => transport.remotePort === raw.socket.localPort;
    await until(() => node.connections.some(isIts), 'the client is connected');
    return new StallingClient(raw, node.connections.find(isIts)!, framed);
  }

  get id(): number {
    return this.connection.id;
  }

  /** What waits for it in the gateway's process. */
  get queuedBytes(): number {
    return this.connection.transport.queuedBytes;
  }

  stall(): void {
    this.raw.socket.pause();
  }

  readOn(): void {
    this.raw.socket.resume();
  }

  /** Said of each message that is sent to it, in order. */
  expects(payload: Buffer): void {
    const frame = this.framed(payload);
    this.#expected.push(frame);
    this.#expectedBytes += frame.length;
  }

  get receivedBytes(): number {
    return this.raw.chunks.reduce((sum, { length }) => sum + length, 0);
  }

  /**
   * Waits until it has got as many bytes as it should, or was closed.
   * @returns undefined when they are the right ones; otherwise what stands there where they begin to differ
   */
  async difference(): Promise<string | undefined> {
    await until(
      () => this.receivedBytes >= this.#expectedBytes || this.raw.isClosed,
      `${this.#expectedBytes} bytes have come, not ${this.receivedBytes}`,
    );
    const { received } = this.raw;
    const expected = Buffer.concat(this.#expected);
    if (received.equals(expected)) return undefined;
    const at = received.findIndex((byte, i) => byte !== expected[i]);
    const [is, wanted] = [received, expected].map((bytes) => bytes.toString('latin1', at, at + 40));
    return `byte ${at} of ${expected.length}: ${JSON.stringify(is)} instead of ${JSON.stringify(wanted)}`;
  }
}
