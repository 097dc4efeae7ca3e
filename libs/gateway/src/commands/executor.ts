import type { Link } from '#link';
import type {
  CloseMode,
  CommandName,
  Commands,
  Marks,
  ReceivedOf,
  ReplyOf,
  SessionCodec,
  Tag,
} from '#protocol';
import type { Connection } from '../connection/connection.js';
import type { ConnectionTable } from '../connection/connection-table.js';
import type { Delivery } from '../connection/delivery.js';
import type { InSteps } from '../connection/in-steps.js';
import type { GatewayStats } from '../gateway-stats.js';
import type { SessionLimit } from './session-limit.js';

/** What the built-in commands work on. */
export interface CommandContext {
  readonly table: ConnectionTable;
  readonly delivery: Delivery;
  readonly codec: SessionCodec;
  readonly stats: GatewayStats;
  readonly sessions: SessionLimit;
  /** Ends a client's connection on the application's behalf: after what is queued, or now. */
  closeClient(connection: Connection, mode: CloseMode): void;
  /** From now on the caller's link gets events. */
  addWorker(caller: Link, tags: readonly Tag[]): void;
  /** The link gets events: over the base protocol nobody waits for replies on it. */
  isWorker(link: Link): boolean;
  /** One more session write of this caller is done: events that it gets from now on have it. */
  sessionWritten(caller: Link): void;
  /** What was said about the command at hand. */
  marks: Marks;
}

/**
 * Runs one command that came on the caller's link: at most ten lines, on the table alone. Views in the request are valid during the call
 * only. What would take too long for one turn of the event loop is returned in steps; those of a question yield its reply in parts.
 */
export type Executor<Name extends CommandName> = (
  context: CommandContext,
  request: ReceivedOf<Commands[Name]>,
  caller: Link,
) => ReplyOf<Commands[Name]> | InSteps<ReplyOf<Commands[Name]>>;
