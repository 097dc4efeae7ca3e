import { readFileSync } from 'node:fs';
import type { RecordedConnection, RecordedFrame } from './golden-data.js';

type Direction = 'c2s' | 's2c';

/** Something that the test client did, or that was done to a service. */
export interface RecordedStep {
  readonly kind: 'step';
  readonly step: string;
}
/** A connection is opened, or one side of it says that it sends no more. */
export interface RecordedTurn {
  readonly kind: 'syn' | 'syn-ack' | 'fin';
  readonly n: number;
  readonly conn: number;
  readonly dir: Direction;
}
export interface RecordedData {
  readonly kind: 'data';
  readonly n: number;
  readonly conn: number;
  readonly dir: Direction;
  readonly hex: string;
  readonly frames?: readonly RecordedFrame[];
}
export type RecordedMoment = RecordedStep | RecordedTurn | RecordedData;

interface Recording {
  readonly connections: readonly RecordedConnection[];
  readonly events: readonly RecordedMoment[];
}

const recording = JSON.parse(
  readFileSync(new URL('conversation.json', import.meta.url), 'utf8'),
) as Recording;

/** Everything that was recorded, in order of time. */
export const TIMELINE = recording.events;

/** What the recording says about the connection with this number. */
export function recordedConnection(conn: number): RecordedConnection {
  const found = recording.connections.find(({ id }) => id === conn);
  if (found === undefined) throw new Error(`The recording has no connection ${conn}`);
  return found;
}

/** Numbers of the connections whose role begins so, in the order in which they were opened. */
export function connectionsOf(role: string): readonly number[] {
  return recording.connections.filter((connection) => connection.role.startsWith(role)).map(({ id }) => id);
}
