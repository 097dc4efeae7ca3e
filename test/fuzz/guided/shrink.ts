/**
 * A shorter input that still fails, and a plainer one: parts are taken out and bytes made smaller as long as it goes on failing.
 * @param mostRuns after so many tries the best so far is good enough
 */
export function shrunk(input: Buffer, fails: (candidate: Buffer) => boolean, mostRuns = 3_000): Buffer {
  let best = input;
  let left = mostRuns;
  const isTaken = (candidate: Buffer): boolean => {
    left -= 1;
    if (left < 0 || !fails(candidate)) return false;
    best = candidate;
    return true;
  };
  let before: Buffer;
  do {
    before = best;
    for (let part = best.length >> 1; part > 0; part >>= 1) {
      for (let at = 0; at < best.length;) {
        const shorter = Buffer.concat([best.subarray(0, at), best.subarray(at + part)]);
        if (!isTaken(shorter)) at += part;
      }
    }
    // Smaller numbers announce less: the next round may take out what they no longer need.
    for (let at = 0; at < best.length; at++) {
      for (const smaller of [0, best[at]! >> 1, best[at]! - 1]) {
        if (smaller >= 0 && smaller < best[at]! && isTaken(withByte(best, at, smaller))) break;
      }
    }
  } while (!best.equals(before)); // out of runs, a round takes nothing
  return best;
}

function withByte(bytes: Buffer, at: number, byte: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = byte;
  return changed;
}
