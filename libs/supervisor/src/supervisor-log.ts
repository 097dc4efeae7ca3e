/** Where a supervisor writes what an operator should know. Nest's `Logger` is one. */
export interface SupervisorLog {
  log(text: string): void;
  warn(text: string): void;
  /** @param facts what the line is about, as fields that a JSON log keeps apart: `code` is that of the error */
  error(text: string, facts?: Readonly<Record<string, unknown>>): void;
}
