import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Inputs of one target on disk, one a file: what a run has found is where the next one begins. */
export class InputStore {
  readonly #corpus: string;
  readonly #findings: string;

  constructor(folder: string, target: string) {
    this.#corpus = join(folder, target, 'corpus');
    this.#findings = join(folder, target, 'findings');
    mkdirSync(this.#corpus, { recursive: true });
    mkdirSync(this.#findings, { recursive: true });
  }

  corpus(): Buffer[] {
    return readdirSync(this.#corpus)
      .sort()
      .map((file) => readFileSync(join(this.#corpus, file)));
  }

  keep(input: Buffer): void {
    writeFileSync(join(this.#corpus, nameOf(input)), input);
  }

  /** @returns the file that it was written to */
  found(input: Buffer): string {
    const file = join(this.#findings, nameOf(input));
    writeFileSync(file, input);
    return file;
  }
}

function nameOf(input: Buffer): string {
  return `${createHash('sha256').update(input).digest('hex').slice(0, 16)}.bin`;
}
