import type { Link } from '#link';
import type { Tag } from '#protocol';
import type { Connection } from '../connection/connection.js';

/** A worker's event link. */
export class WorkerLink {
  /** Clients whose reading stopped because this worker does not keep up. */
  readonly paused = new Set<Connection>();

  constructor(
    /** Grows with every worker that comes; never reused while the gateway lives. */
    readonly id: number,
    readonly link: Link,
    readonly tags: readonly Tag[],
  ) {}
}
