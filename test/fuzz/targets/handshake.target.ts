import { ByteReader, NONCE_BYTES } from '#protocol';
import { DialerHandshake } from '../../../libs/link/src/handshake/dialer-handshake.js';
import { ListenerHandshake } from '../../../libs/link/src/handshake/listener-handshake.js';
import type { DialerTerms, ListenerTerms } from '../../../libs/link/src/handshake/terms.js';
import { attempt, holds, shown, type FuzzTarget } from '../contract.js';
import { MESSAGE_REFUSALS } from '../message-target.js';

const REFUSALS = new Set([
  ...MESSAGE_REFUSALS,
  ...['REFUSED', 'VERSION'].map((reason) => `ERR_NESTWIRE_HANDSHAKE_${reason}`),
  ...['UNPROVEN', 'UNEXPECTED'].map((reason) => `ERR_NESTWIRE_${reason}_PEER`),
]);
const SECRET = 'a secret that no input knows';
const dialerTerms: DialerTerms = {
  secrets: [SECRET],
  role: 'caller',
  name: 'worker',
  session: () => 'd0'.repeat(16),
};
const listenerTerms: ListenerTerms = {
  secrets: ['an older one', SECRET],
  role: 'gateway',
  name: 'gateway',
  gatewayId: 'f0a1b2c3d4e5',
  session: () => '1a'.repeat(16),
};

/** Nonces repeat here, and only here: so there is one proof for each side, which a seed holds. */
const newDialer = (): DialerHandshake =>
  new DialerHandshake('gateway:1', dialerTerms, SECRET, Buffer.alloc(NONCE_BYTES, 0xd1));
const newListener = (): ListenerHandshake =>
  new ListenerHandshake('worker:1', listenerTerms, Buffer.alloc(NONCE_BYTES, 0x71));

/** What each side says to the other one when all is well. */
const genuine = recorded();

function recorded(): { readonly toListener: readonly Buffer[]; readonly toDialer: readonly Buffer[] } {
  const [dialer, listener] = [newDialer(), newListener()];
  const hello = Buffer.from(dialer.begin());
  const challenge = sentBy(listener.receive(ByteReader.of(hello)));
  const auth = sentBy(dialer.receive(ByteReader.of(challenge)));
  const ready = sentBy(listener.receive(ByteReader.of(auth)));
  return { toListener: [hello, auth], toDialer: [challenge, ready] };
}

function sentBy(step: object): Buffer {
  if ('send' in step && step.send instanceof Uint8Array) return Buffer.from(step.send);
  throw new Error('The handshake did not go on');
}

/** An input: whom it is said to, and payloads, each behind its length. */
function written(side: number, payloads: readonly Buffer[]): Buffer {
  return Buffer.concat([
    Buffer.of(side),
    ...payloads.map((payload) => Buffer.concat([Buffer.of(payload.length), payload])),
  ]);
}

function payloadsIn(bytes: Buffer): Buffer[] {
  const payloads: Buffer[] = [];
  for (let at = 1; at < bytes.length;) {
    const length = bytes[at]!;
    payloads.push(bytes.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return payloads;
}

/** The handshake of either side, in whatever order its messages come: nobody is let in but who says exactly what the secret proves. */
export const handshake: FuzzTarget = {
  name: 'handshake',
  parsers: ['DialerHandshake', 'ListenerHandshake'],
  seeds: [
    written(0, genuine.toListener),
    written(1, genuine.toDialer),
    written(0, [...genuine.toListener].reverse()),
    written(1, [genuine.toListener[0]!, ...genuine.toDialer]),
  ],
  dictionary: [...genuine.toListener, ...genuine.toDialer, Buffer.from('\xf4\x08unprovenno', 'latin1')],
  run(bytes) {
    const isToListener = (bytes[0] ?? 0) % 2 === 0;
    const dialer = newDialer();
    dialer.begin();
    const side = isToListener ? newListener() : dialer;
    const said: Buffer[] = [];
    for (const payload of payloadsIn(bytes)) {
      said.push(payload);
      const { value: step, code } = attempt(REFUSALS, () => side.receive(ByteReader.of(payload)));
      if (code !== undefined || 'refuse' in step) return 'refused';
      if (!('peer' in step)) continue;
      const expected = Buffer.concat(isToListener ? genuine.toListener : genuine.toDialer);
      holds(Buffer.concat(said).equals(expected), () => `${shown(bytes)} was let in`);
      return 'accepted';
    }
    return 'refused';
  },
};
