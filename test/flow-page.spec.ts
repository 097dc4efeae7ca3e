import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeIn, ROOT, textOf } from './docs/page.js';

const PAGE = 'docs/flow.md';

const files = readdirSync(join(ROOT, 'libs'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map(({ parentPath, name }) => relative(ROOT, join(parentPath, name)));

/** The file that a name means: one beside the file before it, or the only one that ends so. */
function fileOf(name: string, before: string | undefined): string | undefined {
  if (name.startsWith('libs/')) return files.find((file) => file === name);
  const beside = before === undefined ? undefined : join(dirname(before), name);
  const found = files.filter((file) => file.endsWith(`/${name}`));
  return files.find((file) => file === beside) ?? (found.length === 1 ? found[0] : undefined);
}

/** What a line says of the code that is not so. */
function wrongIn(line: string): string[] {
  const wrong: string[] = [];
  let file: string | undefined;
  for (const code of codeIn(line)) {
    if (code.endsWith('.ts')) {
      file = fileOf(code, file);
      if (file === undefined) wrong.push(`${code} is not there`);
    } else if (file !== undefined && /^#?[a-z][A-Za-z]+$/.test(code)) {
      if (!new RegExp(`(?<![\\w#.])${code}(?:<\\w+>)?(?:\\(| =|:)`).test(textOf(file)))
        wrong.push(`${file} has no ${code}`);
    }
  }
  return wrong;
}

describe('docs/flow.md', () => {
  const lines = textOf(PAGE).split('\n');
  const hops = lines.filter((line) => line.startsWith('|'));

  it('names files that are there, and what is in them', () => {
    expect(hops.length).toBeGreaterThan(20);
    expect(lines.flatMap(wrongIn)).toEqual([]);
  });

  it('is not content with anything', () => {
    expect(wrongIn('`libs/gateway/src/gateway.ts` `nothing`')).toEqual([
      'libs/gateway/src/gateway.ts has no nothing',
    ]);
    expect(wrongIn('`libs/gateway/src/nothing.ts`')).toEqual(['libs/gateway/src/nothing.ts is not there']);
    expect(wrongIn('`index.ts`')).toEqual(['index.ts is not there']);
  });
});
