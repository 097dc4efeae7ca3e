/** Where a supervisor writes what an operator should know. Nest's `Logger` is one. */
export interface SupervisorLog {
  log(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}
