import { Dialer, LinkClosedError, resolveLinkOptions, type Link, LogThrottle } from '#link';
import {
  formatAddress,
  ProtocolError,
  readRegisterMessage,
  writeRegisterMessage,
  type ByteReader,
  type NodeAddress,
  type RegisterMessage,
} from '#protocol';
import type { RegisterClientOptions } from './register-client-options.js';

/** Room for the list of 170,000 gateways. */
const MAX_LIST_BYTES = 1024 * 1024;
/** We send nothing but pings: what takes none of so many is no register that works. */
const MAX_QUEUED_BYTES = 64 * 1024;
/** A register that refuses a gateway says nothing and closes: so soon after the announcement, that is most likely why. */
const REFUSED_WITHIN_MS = 1_000;
const LOG_INTERVAL_MS = 60_000;

/** As what a node announces itself: a gateway says where it is reached, a worker is told the gateways. */
export type Announcement =
  | { readonly role: 'gateway'; readonly address: NodeAddress }
  | { readonly role: 'worker'; readonly listed: (gateways: readonly NodeAddress[]) => void };

/** Announces this node to one register, and again whenever the link is lost, until it is closed. */
export class RegisterClient {
  readonly #dialer: Dialer;
  readonly #throttle = new LogThrottle(LOG_INTERVAL_MS);
  readonly #name: string;
  readonly #announcement: RegisterMessage;
  #announcedAt = 0;
  #isConnected = false;
  #settled: NodeJS.Timeout | undefined;
  #onGone: (() => void)[] = [];

  constructor(
    readonly register: NodeAddress,
    private readonly as: Announcement,
    private readonly options: Omit<RegisterClientOptions, 'registers'>,
  ) {
    this.#name = `Register ${formatAddress(register)}`;
    const secret = Buffer.from(options.secret, 'utf8');
    this.#announcement =
      as.role === 'gateway'
        ? { type: 'gatewayConnect', address: as.address, secret }
        : { type: 'workerConnect', secret };
    const linkOptions = resolveLinkOptions({
      maxFrameBytes: MAX_LIST_BYTES,
      maxHandshakeFrameBytes: MAX_LIST_BYTES,
      maxQueuedBytes: MAX_QUEUED_BYTES,
      handshakeTimeoutMs: options.connectTimeoutMs,
      pingIntervalMs: options.pingIntervalMs,
    });
    this.#dialer = new Dialer(
      register,
      linkOptions,
      {
        connected: (link) => this.#onConnected(link),
        frame: (payload, link) => this.#onFrame(payload, link),
        closed: (_link, reason) => this.#onClosed(reason),
      },
      options.backoff,
    );
  }

  /** Whether the register has taken us; for a gateway, which is never answered, whether it has been told. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  start(): void {
    this.#dialer.start();
  }

  /** Resolves when the link is gone. */
  async close(): Promise<void> {
    this.#dialer.stop();
    if (this.#dialer.link === undefined) return;
    await new Promise<void>((resolve) => this.#onGone.push(resolve));
  }

  #onConnected(link: Link): void {
    this.#announcedAt = Date.now();
    link.send((writer) => writeRegisterMessage(writer, this.#announcement));
    if (this.as.role === 'worker') return;
    this.#onAccepted(link);
    this.#settled = setTimeout(() => this.#logBack(), REFUSED_WITHIN_MS).unref();
  }

  #onAccepted(link: Link): void {
    link.accept();
    this.#isConnected = true;
  }

  #onFrame(payload: ByteReader, link: Link): void {
    const message = readRegisterMessage(payload);
    if (message.type === 'ping') return;
    if (message.type !== 'gatewayList') {
      throw new ProtocolError(
        'ERR_NESTWIRE_MALFORMED',
        `${this.#name} announced itself to us: it is a node, not a register`,
      );
    }
    if (this.as.role === 'gateway') return;
    if (!this.#isConnected) {
      this.#onAccepted(link);
      this.#logBack();
    }
    this.as.listed(message.gateways);
  }

  #onClosed(reason: Error | undefined): void {
    const wasConnected = this.#isConnected;
    const announcedAt = this.#announcedAt;
    this.#isConnected = false;
    this.#announcedAt = 0;
    clearTimeout(this.#settled);
    if (this.#dialer.isRunning) this.#logLoss(reason, wasConnected, announcedAt);
    for (const resolve of this.#onGone.splice(0)) resolve();
  }

  #logBack(): void {
    this.#throttle.reset();
    this.options.log.log(`${this.#name} is connected`);
  }

  #logLoss(reason: Error | undefined, wasConnected: boolean, announcedAt: number): void {
    const { log } = this.options;
    const cause = reason?.message ?? 'the link ended';
    if (this.#looksRefused(reason, wasConnected, announcedAt)) {
      return this.#throttle.run('refused', (remark) => {
        log.error(
          `${this.#name} closed the link right after we announced ourselves: the secret probably differs. ` +
            `Give every node the same one; the register's log tells the reason.${remark}`,
        );
      });
    }
    this.#throttle.run(wasConnected ? 'lost' : 'unreachable', (remark) => {
      const what = wasConnected ? 'is lost, nodes that know each other go on' : 'cannot be reached';
      log.warn(`${this.#name} ${what}; trying again. ${cause}${remark}`);
    });
  }

  #looksRefused(reason: Error | undefined, wasConnected: boolean, announcedAt: number): boolean {
    if (!(reason instanceof LinkClosedError) || announcedAt === 0) return false;
    return this.as.role === 'worker' ? !wasConnected : Date.now() - announcedAt < REFUSED_WITHIN_MS;
  }
}
