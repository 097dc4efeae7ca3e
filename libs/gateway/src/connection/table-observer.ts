import type { ByteString } from '#protocol';
import type { Connection } from './connection.js';

/**
 * Is told of every change of the table: presence, a directory or a dashboard stand on it. Free when nobody listens.
 * It runs in the middle of the change, so it must be quick. What it throws is counted (`observerFailures`) and logged, and changes
 * nothing: nobody could undo what has happened.
 */
export interface TableObserver {
  opened?(connection: Connection): void;
  closed?(connection: Connection): void;
  bound?(connection: Connection, uid: ByteString): void;
  unbound?(connection: Connection, uid: ByteString): void;
  joined?(connection: Connection, group: ByteString): void;
  left?(connection: Connection, group: ByteString): void;
}
