/**
 * Waits for work, but not for ever; false when the time was up first. The work goes on in any case.
 * @param limitMs 0 waits for ever
 * @throws what the work rejects with, unless its time was up
 */
export async function within(limitMs: number, work: Promise<unknown>): Promise<boolean> {
  if (limitMs === 0) {
    await work;
    return true;
  }
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, limitMs, false);
  });
  try {
    return await Promise.race([work.then(() => true), timeUp]);
  } finally {
    clearTimeout(timer);
  }
}
