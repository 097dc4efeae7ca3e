/** One of so many messages is slow. */
const SLOW_OF = 5;

/**
 * How long the handler of a message takes: the same for the same seed, client and number, whichever worker handles it and however often.
 * @returns 0 for at once, otherwise up to `slowestMs`
 */
export function takesMs(seed: number, client: number, n: number, slowestMs: number): number {
  const chance = mixed(seed ^ Math.imul(client, 0x9e37_79b1) ^ n);
  if (chance % SLOW_OF !== 0) return 0;
  return (chance >>> 8) % (slowestMs + 1);
}

/** Spreads what differs a little over all of 32 bits. */
function mixed(number: number): number {
  let bits = Math.imul(number ^ (number >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
