import type { FloodRecord } from './records.js';

/** What a process of clients is told at its start, as JSON in its first argument. */
export interface CrowdSettings {
  /** Where its clients connect to in turn, and again when they have lost their connection. */
  readonly urls: readonly string[];
  /** The number of its first client. */
  readonly firstClient: number;
  /** Each client is in one of so many groups, by its number. */
  readonly rooms: number;
  /** And in all of these. */
  readonly groups: readonly string[];
  /** A client whose connection is closed connects again, to the next place. */
  readonly reconnects: boolean;
}

/** What it can be asked to do, with what it is given and what comes back. */
export interface CrowdCalls {
  /** So many more clients, each of which has been welcomed and has entered. */
  connect(given: { readonly count: number }): undefined;
  /** Every client sends so many numbers a second, until it is told to stop. */
  talk(given: { readonly perSecond: number }): undefined;
  /** Nobody sends any more. @returns how many clients still miss answers after `patienceMs` */
  hush(given: { readonly patienceMs: number }): { readonly waiting: number };
  /** These many do not read any more, the newest first. */
  stall(given: { readonly count: number }): undefined;
  /** These many read on. */
  revive(given: { readonly count: number }): undefined;
  /** So many say goodbye, the oldest first; they had all answers before. Resolves when their connections are closed. */
  leave(given: { readonly count: number }): undefined;
  /** Connects and goes at once, so many times a second. */
  flood(given: { readonly url: string; readonly perSecond: number; readonly forMs: number }): FloodRecord;
  /** Writes what was seen so far to a file, as a list of `ConversationRecord`. */
  report(given: { readonly file: string }): undefined;
}

export type CrowdCallName = keyof CrowdCalls;
export type Given<Name extends CrowdCallName> = Parameters<CrowdCalls[Name]>[0];
export type Result<Name extends CrowdCallName> = ReturnType<CrowdCalls[Name]>;

export interface CrowdRequest {
  readonly id: number;
  readonly name: CrowdCallName;
  readonly given: unknown;
}

export interface CrowdResponse {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}
