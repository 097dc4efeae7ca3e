/** Codes after which coming back by itself would only be sent away again: denied, closed by the application, unauthenticated. */
const FINAL_CODES = new Set([1008, 4004, 4401]);
/** The gateway stops, and others are there: at once, but not all clients in the same moment. */
const AT_ONCE_CODES = new Set([1001, 1012]);

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 15_000;
const AT_ONCE_SPREAD_MS = 1_000;

/** @param {number} code the close code of the WebSocket */
export function mayComeBack(code) {
  return !FINAL_CODES.has(code);
}

/**
 * How long to wait before the next attempt, in milliseconds: twice as long each time, and between half and all of that, so
 * that the clients of a gateway that died do not come back as one wave.
 *
 * @param {number} code the close code of the WebSocket
 * @param {number} attempt how many attempts have failed since the last time that everything worked
 */
export function retryDelayMs(code, attempt, random = Math.random) {
  if (attempt === 0 && AT_ONCE_CODES.has(code)) return random() * AT_ONCE_SPREAD_MS;
  const most = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
  return most / 2 + (random() * most) / 2;
}
