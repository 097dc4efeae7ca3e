/** Microseconds of a clock that all processes of this machine share and nobody sets: what one did can be put in order with what another did. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}
