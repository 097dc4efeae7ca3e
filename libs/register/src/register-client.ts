import { randomBytes } from 'node:crypto';
import {
  Dialer,
  HandshakeRefusedError,
  LogThrottle,
  resolveLinkOptions,
  secretsOf,
  type HandshakeTerms,
} from '#link';
import { codeFact, formatAddress, type NodeAddress } from '#protocol';
import { BaseClientSide } from './base-client-side.js';
import {
  CLIENT_LINK_OPTIONS,
  type Announcement,
  type ClientSide,
  type Loss,
  type RegisterClientDesk,
} from './client-side.js';
import { NestwireClientSide } from './nestwire-client-side.js';
import type { RegisterClientOptions } from './register-client-options.js';

const LOG_INTERVAL_MS = 60_000;

const LOSSES = {
  lost: 'is lost, nodes that know each other go on',
  unanswered: 'left in the middle of the handshake, as one in interop or of another release does',
  unreachable: 'cannot be reached',
} as const;

/** Announces this node to one register, and again whenever the link is lost, until it is closed. */
export class RegisterClient {
  readonly #dialer: Dialer;
  readonly #throttle = new LogThrottle(LOG_INTERVAL_MS);
  readonly #name: string;
  readonly #side: ClientSide;
  #isConnected = false;
  #isRefused = false;
  #onGone: (() => void)[] = [];

  constructor(
    readonly register: NodeAddress,
    as: Announcement,
    private readonly options: Omit<RegisterClientOptions, 'registers'>,
  ) {
    this.#name = `Register ${formatAddress(register)}`;
    this.#side = sideOf(as, options, {
      accepted: () => (this.#isConnected = true),
      settled: () => this.#logBack(),
      closed: (loss, reason) => this.#onClosed(loss, reason),
    });
    const isBase = options.protocol === 'base';
    const linkOptions = resolveLinkOptions({
      ...CLIENT_LINK_OPTIONS,
      // A register of the base protocol proves nothing: its first message is the list.
      ...(isBase && { maxHandshakeFrameBytes: CLIENT_LINK_OPTIONS.maxFrameBytes }),
      handshakeTimeoutMs: options.connectTimeoutMs,
      pingIntervalMs: isBase ? options.pingIntervalMs : 0,
      silenceTimeoutMs: isBase ? 0 : options.silenceTimeoutMs,
    });
    this.#dialer = new Dialer(register, linkOptions, this.#side.handler, options.backoff);
  }

  /** Whether the register has taken us; for a gateway of the base protocol, which is never answered, whether it has been told. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Whether it answered when it was dialled last, and did not let us in. */
  get isRefused(): boolean {
    return this.#isRefused;
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

  #onClosed(loss: Loss, reason: Error | undefined): void {
    this.#isConnected = false;
    this.#isRefused = loss === 'refused' || reason instanceof HandshakeRefusedError;
    if (this.#dialer.isRunning) this.#logLoss(loss, reason);
    for (const resolve of this.#onGone.splice(0)) resolve();
  }

  #logBack(): void {
    this.#isRefused = false;
    this.#throttle.reset();
    this.options.log.log(`${this.#name} is connected`);
  }

  #logLoss(loss: Loss, reason: Error | undefined): void {
    if (loss === 'tryingNext') return;
    const { log } = this.options;
    const cause = reason?.message ?? 'the link ended';
    const facts = { register: formatAddress(this.register), ...codeFact(reason) };
    this.#throttle.run(loss, (remark) => {
      if (loss === 'refused') log.error(`${this.#name} ${this.#side.refusal}${remark}`, facts);
      else log.warn(`${this.#name} ${LOSSES[loss]}; trying again. ${cause}${remark}`, facts);
    });
  }
}

function sideOf(
  as: Announcement,
  options: Omit<RegisterClientOptions, 'registers'>,
  desk: RegisterClientDesk,
): ClientSide {
  const secrets = secretsOf(options.secret);
  if (options.protocol === 'base') return new BaseClientSide(as, secrets[0]!, desk);
  const session = randomBytes(16).toString('hex');
  const terms = { secrets, name: options.name, session: () => session };
  const shown: HandshakeTerms =
    as.role === 'worker'
      ? { ...terms, role: 'caller' }
      : { ...terms, role: 'gateway', gatewayId: as.gateway.id, features: as.gateway.features };
  return new NestwireClientSide(as, shown, options.pingIntervalMs, desk);
}
