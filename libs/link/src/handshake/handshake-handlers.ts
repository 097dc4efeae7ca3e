import {
  Feature,
  HandshakeCode,
  InvalidOptionError,
  RefusalCode,
  writeIdentity,
  writeRefused,
  ByteWriter,
  type ByteReader,
  type PeerIdentity,
} from '#protocol';
import type { Link, LinkHandler } from '../link.js';
import { DialerHandshake } from './dialer-handshake.js';
import { HandshakeRefusedError, PeerRefusedError } from './errors.js';
import { ListenerHandshake } from './listener-handshake.js';
import {
  identityOf,
  type DialerTerms,
  type HandshakeHandler,
  type HandshakeTerms,
  type ListenerTerms,
} from './terms.js';

const ANY_SESSION = '0'.repeat(32);

/** The handler itself, with the handshake before it: what is the same on both sides. */
abstract class HandshakeLinkHandler<Handshake> implements LinkHandler {
  /** Handshakes that are not done: a link that is not in it belongs to the handler. */
  protected readonly underWay = new Map<Link, Handshake>();
  readonly #features: number;

  constructor(
    terms: HandshakeTerms,
    protected readonly handler: HandshakeHandler,
  ) {
    this.#features = checkedIdentity(terms).features;
  }

  connected(link: Link): void {
    this.handler.connected?.(link);
    if (link.state !== 'handshaking') return;
    this.underWay.set(link, this.begin(link));
  }

  frame(payload: ByteReader, link: Link): void {
    if (link.state === 'open') return this.handler.frame(payload, link);
    const handshake = this.underWay.get(link);
    if (handshake === undefined) return this.handler.frame(payload, link);
    // Whoever ends the link in the middle of it wants no handshake any more.
    if (link.state === 'handshaking') this.step(payload, link, handshake);
  }

  congested(link: Link): void {
    this.handler.congested?.(link);
  }

  drained(link: Link): void {
    this.handler.drained?.(link);
  }

  ended(link: Link): void {
    this.handler.ended?.(link);
  }

  closed(link: Link, reason: Error | undefined): void {
    this.underWay.delete(link);
    this.handler.closed?.(link, reason);
  }

  protected welcome(link: Link, peer: PeerIdentity): void {
    this.underWay.delete(link);
    link.accept((this.#features & peer.features & Feature.Batches) !== 0);
    this.handler.welcomed(link, peer);
  }

  protected abstract begin(link: Link): Handshake;
  protected abstract step(payload: ByteReader, link: Link, handshake: Handshake): void;
}

class DialerLinkHandler extends HandshakeLinkHandler<DialerHandshake> {
  /** Which secret the next dial tries. */
  #secret = 0;

  constructor(
    private readonly terms: DialerTerms,
    handler: HandshakeHandler,
  ) {
    super(terms, handler);
  }

  protected begin(link: Link): DialerHandshake {
    const { secrets } = this.terms;
    const handshake = new DialerHandshake(link.peer, this.terms, secrets[this.#secret % secrets.length]!);
    const hello = handshake.begin();
    link.send((writer) => writer.bytes(hello));
    return handshake;
  }

  protected step(payload: ByteReader, link: Link, handshake: DialerHandshake): void {
    const step = handshake.receive(payload);
    if ('send' in step) {
      link.send((writer) => writer.bytes(step.send));
      return;
    }
    this.welcome(link, step.peer);
  }

  override closed(link: Link, reason: Error | undefined): void {
    // While secrets are being changed, the listener may know another of ours than this one.
    if (reason instanceof HandshakeRefusedError && reason.refusal === RefusalCode.Unproven) this.#secret++;
    super.closed(link, reason);
  }
}

class ListenerLinkHandler extends HandshakeLinkHandler<ListenerHandshake> {
  /** Links that were told that they are refused, and are closing. */
  readonly #refused = new Map<Link, PeerRefusedError>();

  constructor(
    private readonly terms: ListenerTerms,
    handler: HandshakeHandler,
  ) {
    super(terms, handler);
  }

  protected begin(link: Link): ListenerHandshake {
    return new ListenerHandshake(link.peer, this.terms);
  }

  protected step(payload: ByteReader, link: Link, handshake: ListenerHandshake): void {
    const step = handshake.receive(payload);
    if ('refuse' in step) {
      this.#refused.set(link, new PeerRefusedError(link.peer, step.refuse));
      link.send((writer) => writeRefused(writer, step.refuse));
      link.close();
      return;
    }
    link.send((writer) => writer.bytes(step.send));
    if ('peer' in step) this.welcome(link, step.peer);
  }

  override closed(link: Link, reason: Error | undefined): void {
    const refused = this.#refused.get(link);
    this.#refused.delete(link);
    super.closed(link, refused ?? reason);
  }
}

/**
 * The handler of a link that is dialled, with the handshake before it. It goes on with another secret after one was refused,
 * so that each `Dialer` needs one of its own.
 * @throws InvalidOptionError without a secret, InvalidArgumentError for a name or an id that cannot be told
 */
export function dialerHandshake(terms: DialerTerms, handler: HandshakeHandler): LinkHandler {
  return new DialerLinkHandler(terms, handler);
}

/**
 * The handler of all links of a listener, with the handshake before it. A link that is refused ends with `PeerRefusedError`.
 * @throws InvalidOptionError without a secret, InvalidArgumentError for a name or an id that cannot be told
 */
export function listenerHandshake(terms: ListenerTerms, handler: HandshakeHandler): LinkHandler {
  return new ListenerLinkHandler(terms, handler);
}

/** Before the first link, not at each: what no peer could be told would end all of them. */
function checkedIdentity(terms: HandshakeTerms): PeerIdentity {
  if (terms.secrets.length === 0)
    throw new InvalidOptionError(
      'secret',
      'must have at least one text in its list: the same on every node.',
    );
  const identity = identityOf({ ...terms, session: () => ANY_SESSION });
  writeIdentity(new ByteWriter(), HandshakeCode.Ready, identity);
  return identity;
}
