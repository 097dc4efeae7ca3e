import { randomBytes } from 'node:crypto';
import {
  ByteWriter,
  HANDSHAKE_VERSION,
  HandshakeCode,
  NONCE_BYTES,
  ProtocolError,
  readIdentity,
  readOpening,
  readRefused,
  writeHello,
  type ByteReader,
  type PeerIdentity,
} from '#protocol';
import {
  HandshakeRefusedError,
  HandshakeVersionError,
  UnexpectedPeerError,
  UnprovenPeerError,
} from './errors.js';
import { identityOf, type DialerTerms } from './terms.js';
import { Transcript, wholePayload } from './transcript.js';

type DialerState = 'new' | 'awaitingChallenge' | 'awaitingReady' | 'done';

/** What to do after a message: send an answer, or take the peer as proven. */
export type DialerStep = { readonly send: Uint8Array } | { readonly peer: PeerIdentity };

/** One handshake of the side that dialled: payloads in, payloads out. */
export class DialerHandshake {
  readonly #transcript = new Transcript();
  #state: DialerState = 'new';

  /** @param nonce given in tests alone: anything that repeats makes a proof that can be replayed */
  constructor(
    private readonly peer: string,
    private readonly terms: DialerTerms,
    private readonly secret: string,
    private readonly nonce: Uint8Array = randomBytes(NONCE_BYTES),
  ) {}

  /** Hello, to be sent as soon as TCP is connected. */
  begin(): Uint8Array {
    const hello = new ByteWriter();
    writeHello(hello, this.nonce);
    this.#transcript.append(hello.view());
    this.#state = 'awaitingChallenge';
    return hello.view();
  }

  /**
   * @throws HandshakeRefusedError, HandshakeVersionError, UnprovenPeerError, UnexpectedPeerError, or ProtocolError for what no
   * listener of ours sends: each of them ends the link
   */
  receive(payload: ByteReader): DialerStep {
    const whole = wholePayload(payload);
    const code = payload.u8();
    if (code === HandshakeCode.Refused) throw new HandshakeRefusedError(this.peer, readRefused(payload));
    if (this.#state === 'awaitingChallenge' && code === HandshakeCode.Challenge)
      return { send: this.#onChallenge(whole, payload) };
    if (this.#state === 'awaitingReady' && code === HandshakeCode.Ready)
      return { peer: this.#onReady(whole, payload) };
    throw new ProtocolError(
      'ERR_NESTWIRE_UNKNOWN_CODE',
      `${this.peer} sent the code ${code} instead of its part of the handshake. Is it a Nestwire node, and not in interop?`,
    );
  }

  #onChallenge(whole: Buffer, payload: ByteReader): Uint8Array {
    const { version } = readOpening(payload);
    if (version !== HANDSHAKE_VERSION) throw new HandshakeVersionError(this.peer, version);
    this.#transcript.append(whole);
    this.#state = 'awaitingReady';
    return this.#transcript.introduce(HandshakeCode.Auth, identityOf(this.terms), 'dialer', this.secret);
  }

  #onReady(whole: Buffer, payload: ByteReader): PeerIdentity {
    const { identity, proof } = readIdentity(payload);
    if (this.#transcript.verify(whole, proof, 'listener', [this.secret]) === undefined)
      throw new UnprovenPeerError(this.peer);
    const { peerRole } = this.terms;
    if (peerRole !== undefined && identity.role !== peerRole)
      throw new UnexpectedPeerError(this.peer, identity.role, peerRole);
    this.#state = 'done';
    return identity;
  }
}
