import { LogThrottle, type NodeLog } from '#link';
import type { Connection } from '../connection/connection.js';
import type { GatewayStats } from '../gateway-stats.js';

/** Keeps sessions as small as every event that carries them needs: one that is too large is not taken. */
export class SessionLimit {
  readonly #throttle = new LogThrottle();

  constructor(
    private readonly maxSessionBytes: number,
    private readonly stats: GatewayStats,
    private readonly log: NodeLog,
  ) {}

  /** @returns false when the session is too large: then it is counted and logged, and the client keeps the one that it had. */
  takes(session: Buffer): boolean {
    if (session.length <= this.maxSessionBytes) return true;
    this.stats.sessionsTooBig++;
    this.#throttle.warn(
      this.log,
      'session',
      `Did not take a session of ${session.length} bytes: ${this.maxSessionBytes} is the limit. ` +
        'It goes with every event of its client, so keep little in it, or raise "maxSessionBytes".',
    );
    return false;
  }
}

export function replaceSession(
  { sessions }: { readonly sessions: SessionLimit },
  connection: Connection,
  session: Buffer,
): void {
  if (sessions.takes(session)) connection.session = session;
}
