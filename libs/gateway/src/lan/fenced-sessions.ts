/** So many are remembered: a worker that was away for longer than it takes so many others to go finds its session forgotten. */
const MOST = 65_536;

/**
 * Boot sessions of workers that were given up. Their events are at other workers by now, so that nothing that they still have to
 * say may take effect: they have to come back as new ones.
 */
export class FencedSessions {
  readonly #sessions = new Set<string>();

  has(session: string): boolean {
    return this.#sessions.has(session);
  }

  add(session: string): void {
    this.#sessions.add(session);
    if (this.#sessions.size <= MOST) return;
    for (const oldest of this.#sessions) {
      this.#sessions.delete(oldest);
      return;
    }
  }
}
