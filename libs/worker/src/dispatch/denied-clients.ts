import type { ClientId } from '#protocol';

/** Longer than a gateway takes to close a client that does not read. */
const REMEMBERED_MS = 60_000;

/**
 * Clients that were denied and whose Close event has not come yet. What they had sent by then must not reach a handler
 * that relies on the guard of `@OnConnect`.
 */
export class DeniedClients {
  /** In the order of denial. */
  readonly #deniedAt = new Map<ClientId, number>();

  get isEmpty(): boolean {
    return this.#deniedAt.size === 0;
  }

  add(clientId: ClientId): void {
    const now = performance.now();
    // The Close event may go to another worker or be lost with its gateway: nobody stays here for ever.
    for (const [denied, at] of this.#deniedAt) {
      if (now - at < REMEMBERED_MS) break;
      this.#deniedAt.delete(denied);
    }
    this.#deniedAt.set(clientId, now);
  }

  has(clientId: ClientId): boolean {
    return this.#deniedAt.has(clientId);
  }

  delete(clientId: ClientId): void {
    this.#deniedAt.delete(clientId);
  }
}
