/** Something small that is measured alone. */
export interface MicroCase {
  readonly group: string;
  readonly name: string;
  /** How often `run` does it: enough that the clock does not matter. */
  readonly operations: number;
  /** Made anew for each measurement, so that no case is slowed down by the memory of others. */
  readonly prepare: () => Prepared | Promise<Prepared>;
}

export interface Prepared {
  readonly run: () => number;
  /** What `run` returns: everything that was done goes into it, so that none of it can be optimized away. */
  readonly expected: number;
  readonly dispose?: () => Promise<void>;
}

/** @param prepare gives an operation that returns a number, `each` on average; they are added up */
export function repeated(
  group: string,
  name: string,
  operations: number,
  prepare: () => { readonly operation: (i: number) => number; readonly each: number },
): MicroCase {
  return {
    group,
    name,
    operations,
    prepare() {
      const { operation, each } = prepare();
      return {
        expected: each * operations,
        run() {
          let sum = 0;
          for (let i = 0; i < operations; i++) sum += operation(i);
          return sum;
        },
      };
    },
  };
}
