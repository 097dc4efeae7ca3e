import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const HERE = dirname(fileURLToPath(import.meta.url));
const EXAMPLES = join(HERE, 'test/examples');
const DOCUMENT = readFileSync(resolve(HERE, '../../../docs/testing.md'), 'utf8');

/** The blocks of the document by the file that their first line names. */
const blocks = new Map(
  [...DOCUMENT.matchAll(/^```ts\n\/\/ (\S+)\n(.*?)^```$/gms)].map(([, file, text]) => [file!, text!]),
);

describe('docs/testing.md', () => {
  it('names the file of every example', () => {
    expect(DOCUMENT.match(/^```ts$/gm)).toHaveLength(blocks.size);
  });

  it('shows all examples that are compiled and run, and no others', () => {
    expect([...blocks.keys()].toSorted()).toEqual(readdirSync(EXAMPLES).toSorted());
  });

  it.each([...blocks])('shows %s as it is run', (file, text) => {
    const isSaidToTheLinter = (line: string): boolean => line.includes('oxlint-disable');
    const source = readFileSync(join(EXAMPLES, file), 'utf8').split('\n');
    expect(text.split('\n')).toEqual(source.filter((line) => !isSaidToTheLinter(line)));
  });
});
