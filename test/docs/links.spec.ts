import { existsSync, readdirSync, statSync } from 'node:fs';
import { posix, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, textOf } from './page.js';

const PAGES = [
  'README.md',
  'bench/README.md',
  ...readdirSync(resolve(ROOT, 'docs')).map((name) => `docs/${name}`),
];

const withoutCode = (text: string): string => text.replaceAll(/^```.*?^```$/gms, '');

/** What a heading is linked by, as code hosts make it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function anchorsOf(page: string): string[] {
  return [...withoutCode(textOf(page)).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));
}

function isThere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : posix.join(posix.dirname(page), path);
  if (!existsSync(resolve(ROOT, target))) return false;
  if (anchor === undefined) return true;
  return statSync(resolve(ROOT, target)).isFile() && anchorsOf(target).includes(anchor);
}

describe.each(PAGES)('%s', (page) => {
  it('has links that lead somewhere', () => {
    const links = [...withoutCode(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
    const inside = links.filter((link) => !/^[a-z]+:/.test(link));
    expect(inside.filter((link) => !isThere(page, link))).toEqual([]);
  });
});
