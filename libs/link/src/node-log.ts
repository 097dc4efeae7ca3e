/** What a line of the log is about, as fields that a JSON log keeps apart. The text says everything a reader needs. */
export type LogFacts = Readonly<Record<string, unknown>>;

/** Where the plain classes of every room write what an operator should know. Nest's `Logger` is one. */
export interface NodeLog {
  log(text: string, facts?: LogFacts): void;
  warn(text: string, facts?: LogFacts): void;
  error(text: string, facts?: LogFacts): void;
  debug?(text: string, facts?: LogFacts): void;
}

const nothing = (): void => undefined;

/** Writes nothing: the default of a class that is used on its own. */
export const silentLog: NodeLog = { log: nothing, warn: nothing, error: nothing, debug: nothing };
