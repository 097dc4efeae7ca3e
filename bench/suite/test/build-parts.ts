import { cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformFile } from '@swc/core';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
/** The generator, the simplest peer, and what they import. */
const PARTS = ['bench/generator', 'bench/peers/plain-ws.ts', 'libs/protocol/src'];

/**
 * Turns the few files that a run against plain `ws` takes into what Node runs, in a folder of their own: a whole build
 * would take longer than the run. @returns the folder, to be removed
 */
export async function buildParts(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'nestwire-bench-'));
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const sources = PARTS.flatMap((part) => sourcesIn(join(ROOT, part)));
  await Promise.all(sources.map(async (source) => build(source, folder)));
  return folder;
}

function sourcesIn(path: string): string[] {
  if (path.endsWith('.ts')) return [path];
  const files = readdirSync(path, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  const isSource = (name: string): boolean => name.endsWith('.ts') && !name.endsWith('.spec.ts');
  return files.filter(({ name }) => isSource(name)).map((entry) => join(entry.parentPath, entry.name));
}

async function build(source: string, folder: string): Promise<void> {
  const { code } = await transformFile(source, {
    swcrc: false,
    jsc: { parser: { syntax: 'typescript', decorators: true }, target: 'es2023' },
    module: { type: 'es6' },
  });
  const built = join(folder, 'dist', relative(ROOT, source).replace(/\.ts$/, '.js'));
  mkdirSync(dirname(built), { recursive: true });
  writeFileSync(built, code);
}
