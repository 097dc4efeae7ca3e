import { createHash } from 'node:crypto';

/** A person as others see one. */
export interface User {
  readonly uid: string;
  /** For showing only: several people may have the same one. */
  readonly name: string;
}

const ID_LENGTH = 16;

/**
 * `<id>.<name>`: whoever lists uids has the names, too, without asking for a session each. The id is a hash of a secret that
 * stays between a browser and the worker, so that knowing a uid does not let anybody take it.
 */
export function uidOf(secret: string, name: string): string {
  const id = createHash('sha256').update(`nestwire-chat:${secret}`).digest('base64url').slice(0, ID_LENGTH);
  return `${id}.${name}`;
}

export function userOf(uid: string): User {
  return { uid, name: uid.slice(ID_LENGTH + 1) };
}
