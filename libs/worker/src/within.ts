/**
 * Waits for a promise, but not for ever; false when the time was up first.
 * @param limitMs 0 waits for ever
 * @throws what the promise rejects with, unless its time was up
 */
export async function within(limitMs: number, promise: Promise<unknown>): Promise<boolean> {
  if (limitMs === 0) {
    await promise;
    return true;
  }
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, limitMs, false);
  });
  try {
    return await Promise.race([promise.then(() => true), timeUp]);
  } finally {
    clearTimeout(timer);
  }
}
