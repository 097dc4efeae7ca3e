/** One of the places of a group, which a process holds, and after it the next. */
export interface ProcessPlace {
  readonly group: string;
  /** From 1. */
  readonly number: number;
  /** How many places the group has. */
  readonly of: number;
}

/** As it is called in logs: `gateway 2/4`. */
export function labelOf({ group, number, of }: ProcessPlace): string {
  return `${group} ${number}/${of}`;
}
