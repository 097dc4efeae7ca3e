import { randomBytes } from 'node:crypto';
import {
  ByteWriter,
  HANDSHAKE_VERSION,
  HandshakeCode,
  NONCE_BYTES,
  ProtocolError,
  readIdentity,
  readOpening,
  RefusalCode,
  writeChallenge,
  type ByteReader,
  type NodeRole,
  type PeerIdentity,
  type Refusal,
} from '#protocol';
import { identityOf, type ListenerTerms } from './terms.js';
import { Transcript, wholePayload } from './transcript.js';

type ListenerState = 'awaitingHello' | 'awaitingAuth' | 'done';

/** What to do after a message. */
export type ListenerStep =
  | { readonly send: Uint8Array }
  /** send Ready: the link is open */
  | { readonly send: Uint8Array; readonly peer: PeerIdentity }
  | { readonly refuse: Refusal };

/** Who dials whom: gateways and callers a register, callers a gateway. */
const DIALED_BY: Readonly<Record<NodeRole, readonly NodeRole[]>> = {
  gateway: ['caller'],
  register: ['gateway', 'caller'],
  caller: [],
};

/** One handshake of the side that listens: payloads in, payloads out. It tells nothing of itself before the dialer has proven itself. */
export class ListenerHandshake {
  readonly #transcript = new Transcript();
  #state: ListenerState = 'awaitingHello';

  /** @param nonce given in tests alone: anything that repeats lets a recorded handshake in again */
  constructor(
    private readonly peer: string,
    private readonly terms: ListenerTerms,
    private readonly nonce: Uint8Array = randomBytes(NONCE_BYTES),
  ) {}

  /** @throws ProtocolError for what no dialer of ours sends: it ends the link without an answer. What `admit` throws does so, too. */
  receive(payload: ByteReader): ListenerStep {
    const whole = wholePayload(payload);
    const code = payload.u8();
    if (this.#state === 'awaitingHello' && code === HandshakeCode.Hello) return this.#onHello(whole, payload);
    if (this.#state === 'awaitingAuth' && code === HandshakeCode.Auth) return this.#onAuth(whole, payload);
    throw new ProtocolError(
      'ERR_NESTWIRE_UNKNOWN_CODE',
      `${this.peer} sent the code ${code} instead of its part of the handshake. Is it a Nestwire node, and not in interop?`,
    );
  }

  #onHello(whole: Buffer, payload: ByteReader): ListenerStep {
    const { version } = readOpening(payload);
    if (version !== HANDSHAKE_VERSION) {
      const text = `it speaks version ${version} of the handshake, and this node version ${HANDSHAKE_VERSION}`;
      return { refuse: { code: RefusalCode.Version, text } };
    }
    const challenge = new ByteWriter();
    writeChallenge(challenge, this.nonce);
    this.#transcript.append(whole);
    this.#transcript.append(challenge.view());
    this.#state = 'awaitingAuth';
    return { send: challenge.view() };
  }

  #onAuth(whole: Buffer, payload: ByteReader): ListenerStep {
    const { identity, proof } = readIdentity(payload);
    const secret = this.#transcript.verify(whole, proof, 'dialer', this.terms.secrets);
    if (secret === undefined) return { refuse: { code: RefusalCode.Unproven, text: 'the secret differs' } };
    if (!DIALED_BY[this.terms.role].includes(identity.role)) {
      const text = `a ${identity.role} does not dial a ${this.terms.role}`;
      return { refuse: { code: RefusalCode.Role, text } };
    }
    const refuse = this.terms.admit?.(identity);
    if (refuse !== undefined) return { refuse };
    this.#state = 'done';
    const send = this.#transcript.introduce(HandshakeCode.Ready, identityOf(this.terms), 'listener', secret);
    return { send, peer: identity };
  }
}
