const FIRST_LETTER = 'g'.charCodeAt(0);
const LETTERS = 19;

/** What makes a message as long as it is to be: letters that are no hex digits, so that digits are not found in the wrong place. */
export function filler(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => FIRST_LETTER + (i % LETTERS)));
}
