import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  ByteWriter,
  PROOF_BYTES,
  writeIdentity,
  type ByteReader,
  type HandshakeCode,
  type PeerIdentity,
} from '#protocol';

/** Who makes a proof: in it, so that nobody can be sent its own one back. */
export type Side = 'dialer' | 'listener';

/** Every byte of a handshake so far, payload after payload: what a proof is made over. */
export class Transcript {
  readonly #bytes = new ByteWriter(256);

  append(payload: Uint8Array): void {
    this.#bytes.bytes(payload);
  }

  /** Writes Auth or Ready with its proof, and keeps it. */
  introduce(
    code: typeof HandshakeCode.Auth | typeof HandshakeCode.Ready,
    identity: PeerIdentity,
    side: Side,
    secret: string,
  ): Buffer {
    const payload = new ByteWriter();
    writeIdentity(payload, code, identity);
    this.append(payload.view());
    const proof = this.#proof(side, secret);
    payload.bytes(proof);
    this.append(proof);
    return payload.view();
  }

  /**
   * Takes Auth or Ready of the peer, and keeps it.
   * @param secrets those that it may have been made with
   * @returns the one it was made with; undefined when with none of them. The time tells nothing of where a proof is wrong.
   */
  verify(payload: Uint8Array, proof: Uint8Array, side: Side, secrets: readonly string[]): string | undefined {
    this.append(payload.subarray(0, payload.length - PROOF_BYTES));
    let matched: string | undefined;
    for (const secret of secrets) if (timingSafeEqual(this.#proof(side, secret), proof)) matched ??= secret;
    this.append(proof);
    return matched;
  }

  #proof(side: Side, secret: string): Buffer {
    return createHmac('sha256', Buffer.from(secret, 'utf8')).update(side).update(this.#bytes.view()).digest();
  }
}

/** The whole payload, without moving the reader on. */
export function wholePayload(reader: ByteReader): Buffer {
  const { position } = reader;
  const payload = reader.rest();
  reader.rewind(position);
  return payload;
}
