/** The command line asks for something that cannot be done. The text says what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
