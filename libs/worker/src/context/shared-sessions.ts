import type { ClientSession } from './client-session.js';

interface KnownSession {
  readonly bytes: Uint8Array;
  readonly session: ClientSession;
}

const PLACES = 1024;
/** With the places it bounds the memory: half a megabyte of bytes, and what was read from them. */
const MAX_BYTES = 512;

/**
 * Sessions that were read last, for the next event of the same client: a session changes seldom, and reading one costs
 * more than handling a message. Each is found by its bytes alone, so it is right whoever it belongs to. Only sessions
 * without objects in them are kept: those are frozen through and through, and no handler can change another one's.
 */
export class SharedSessions {
  readonly #known: (KnownSession | undefined)[] = Array.from({ length: PLACES }, () => undefined);

  find(connectionId: number, bytes: Uint8Array): ClientSession | undefined {
    const found = this.#known[placeOf(connectionId)];
    return found !== undefined && areSame(found.bytes, bytes) ? found.session : undefined;
  }

  /** @param session frozen */
  keep(connectionId: number, bytes: Uint8Array, session: ClientSession): void {
    if (bytes.length > MAX_BYTES || !isFlat(session)) return;
    this.#known[placeOf(connectionId)] = { bytes: new Uint8Array(bytes), session }; // memory of its own
  }
}

/** Our gateways count in the upper bits, the original in the lower ones. */
function placeOf(connectionId: number): number {
  return (connectionId ^ (connectionId >>> 12)) & (PLACES - 1);
}

/** A loop: for so few bytes it takes less than calling out. */
function areSame(known: Uint8Array, bytes: Uint8Array): boolean {
  const { length } = known;
  if (bytes.length !== length) return false;
  for (let at = 0; at < length; at++) if (known[at] !== bytes[at]) return false;
  return true;
}

function isFlat(session: ClientSession): boolean {
  return Object.values(session).every((value) => typeof value !== 'object' || value === null);
}
