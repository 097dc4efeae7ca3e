/**
 * Calls code that is not ours, in the middle of our own work: what it throws, or what its promise is rejected with (an `async`
 * method compiles where nothing waits for one), is told instead of ending the process.
 */
export function callForeign(call: () => unknown, onFailed: (error: unknown) => void): void {
  try {
    const result = call();
    if (result instanceof Promise) result.catch(onFailed);
  } catch (error) {
    onFailed(error);
  }
}
