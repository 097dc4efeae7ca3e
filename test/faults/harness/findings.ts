/** What went wrong, by kind: how often, and the first ones in words. Empty is what a scenario wants. */
export type Findings = Readonly<Record<string, Finding>>;

interface Finding {
  readonly count: number;
  readonly examples: readonly string[];
}

const EXAMPLES = 5;

export class FindingsList {
  readonly #found = new Map<string, { count: number; examples: string[] }>();

  add(kind: string, example: string): void {
    const found = this.#found.get(kind) ?? { count: 0, examples: [] };
    found.count++;
    if (found.examples.length < EXAMPLES) found.examples.push(example);
    this.#found.set(kind, found);
  }

  get all(): Findings {
    return Object.fromEntries(this.#found);
  }
}
