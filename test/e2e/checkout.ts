import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Folder of a built copy of this checkout. */
    checkout: string;
  }
}

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
/** What a build needs, and what a package is made of. */
const PARTS = [
  'src',
  'apps',
  'libs',
  'bench',
  'docs',
  'test/e2e/apps',
  'test/faults/app',
  'package.json',
  'nest-cli.json',
  'tsconfig.json',
  'tsconfig.publish.json',
  '.swcrc',
  'README.md',
  'LICENSE',
];

const run = promisify(execFile);

/** A copy of this checkout in a folder of its own: builds in it touch nobody's `dist`, and start from none. */
export function copyCheckout(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nestwire-'));
  for (const part of PARTS) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** @returns what it printed. @throws with all that it printed when it fails */
export async function npm(folder: string, ...args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run('npm', args, { cwd: folder });
    return stdout;
  } catch (cause) {
    // A compiler complains on stdout, which the error's own text leaves out.
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string };
    throw new Error(`npm ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause });
  }
}

/** vitest runs this once, before the first spec that starts processes. */
export default async function buildCheckout(project: TestProject): Promise<() => void> {
  const folder = copyCheckout();
  buildTestAppsToo(folder);
  await npm(folder, 'run', 'build');
  project.provide('checkout', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}

interface NestCli {
  readonly compilerOptions: {
    readonly builder: { readonly options: { filenames: string[]; ignore: string[] } };
  };
}

/** The build leaves tests out; the applications that tests start are the exception. */
function buildTestAppsToo(folder: string): void {
  const file = join(folder, 'nest-cli.json');
  const config = JSON.parse(readFileSync(file, 'utf8')) as NestCli;
  const { options } = config.compilerOptions.builder;
  options.filenames.push('test/e2e/apps', 'test/faults/app');
  options.ignore = options.ignore.map((pattern) =>
    pattern === '**/test/**' ? '{apps,libs}/**/test/**' : pattern,
  );
  writeFileSync(file, JSON.stringify(config));
}
