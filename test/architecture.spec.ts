import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Which rooms each room may import: the one-way streets of the house. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  link: ['protocol'],
  register: ['link', 'protocol'],
  gateway: ['register', 'link', 'protocol'],
  api: ['register', 'link', 'protocol'],
  worker: ['api', 'protocol'],
  supervisor: ['protocol'],
  // An outhouse: it may use every room, and none may use it.
  testing: ['worker', 'api', 'gateway', 'register', 'link', 'protocol', 'supervisor'],
};
/** Which rooms each app may import: its own, and what names its addresses. */
const APP_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  register: ['register', 'protocol'],
  gateway: ['gateway', 'protocol'],
  worker: ['worker', 'api', 'protocol'],
  chat: ['worker', 'api'],
  standalone: Object.keys(MAY_IMPORT).filter((room) => room !== 'testing'),
};
/** The only npm package that the protocol may use: it must run wherever JavaScript does. */
const PROTOCOL_PACKAGES = ['php-serialize', 'node:buffer', 'node:zlib'];
const MAY_USE_NEST =
  /\.(module|strategy)\.ts$|^libs\/gateway\/src\/listener\/ws\.adapter\.ts$|^libs\/worker\/|^libs\/testing\/src\/(test-client|cluster)\/|^apps\/|^bench\//;

interface Import {
  readonly from: string;
  readonly specifier: string;
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

const everyFile = ['src', 'apps', 'libs', 'test', 'bench'].flatMap(filesBelow);
const sources = everyFile.filter(
  (file) => !file.endsWith('.spec.ts') && !file.startsWith('test/') && !/\/test\//.test(file),
);

const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

function importsOf(file: string): Import[] {
  return ts
    .preProcessFile(textOf(file), true, true)
    .importedFiles.map(({ fileName }) => ({ from: file, specifier: fileName }));
}

const roomOf = (file: string): string | undefined => /^libs\/([^/]+)\//.exec(file)?.[1];

/** The file that a specifier means, for imports inside the house. */
function targetOf({ from, specifier }: Import): string | undefined {
  if (specifier.startsWith('#')) return `libs/${specifier.slice(1)}/src/index.ts`;
  if (!specifier.startsWith('.')) return undefined;
  return relative(ROOT, resolve(ROOT, dirname(from), specifier)).replace(/\.js$/, '.ts');
}

const libraryImports = sources.filter((file) => file.startsWith('libs/')).flatMap(importsOf);

describe('the house', () => {
  it('has files to look at in every room', () => {
    for (const room of Object.keys(MAY_IMPORT)) {
      expect(sources.filter((file) => roomOf(file) === room).length, room).toBeGreaterThan(3);
    }
  });

  it('imports between rooms in the allowed directions only', () => {
    const wrong = libraryImports
      .filter(({ specifier }) => specifier.startsWith('#'))
      .filter(({ from, specifier }) => !MAY_IMPORT[roomOf(from)!]?.includes(specifier.slice(1)));
    expect(wrong).toEqual([]);
  });

  it('lets each app import its own rooms only', () => {
    const wrong = sources.flatMap(importsOf).filter(({ from, specifier }) => {
      const app = /^apps\/([^/]+)\//.exec(from)?.[1];
      const room = /^#(\w+)$/.exec(specifier)?.[1];
      return app !== undefined && room !== undefined && !APP_MAY_IMPORT[app]?.includes(room);
    });
    expect(wrong).toEqual([]);
  });

  it('crosses the walls of a room through its front door only', () => {
    const wrong = libraryImports.filter((imported) => {
      const target = targetOf(imported);
      return imported.specifier.startsWith('.') && roomOf(target!) !== roomOf(imported.from);
    });
    expect(wrong).toEqual([]);
  });

  it('keeps the protocol pure: no I/O, no timers, no Nest', () => {
    const packages = libraryImports
      .filter(({ from, specifier }) => roomOf(from) === 'protocol' && !/^[.#]/.test(specifier))
      .filter(({ specifier }) => !PROTOCOL_PACKAGES.includes(specifier));
    expect(packages).toEqual([]);
    const timers = sources.filter(
      (file) => roomOf(file) === 'protocol' && /\b(setTimeout|setInterval|setImmediate)\(/.test(textOf(file)),
    );
    expect(timers).toEqual([]);
  });

  it('knows Nest in modules, strategies, the WebSocket adapter, the worker and the apps only', () => {
    const wrong = sources
      .filter((file) => !MAY_USE_NEST.test(file) && file !== 'src/index.ts')
      .flatMap(importsOf)
      .filter(({ specifier }) => specifier.startsWith('@nestjs/'));
    expect(wrong).toEqual([]);
  });

  it('reads the environment in one place', () => {
    const readers = sources.filter(
      (file) => !file.startsWith('bench/') && /\bprocess\.env\b/.test(textOf(file)),
    );
    expect(readers).toEqual(['apps/environment.ts']);
  });

  it('has no import cycles, of types neither', () => {
    const graph = new Map(
      sources.map((file) => [
        file,
        importsOf(file).flatMap((imported) => {
          const target = targetOf(imported);
          return target !== undefined && sources.includes(target) ? [target] : [];
        }),
      ]),
    );
    expect(cyclesIn(graph)).toEqual([]);
  });

  it('has no `any` and no switched-off checks in its sources', () => {
    const unchecked = sources.filter((file) => /@ts-(ignore|nocheck)/.test(textOf(file)));
    expect([...sources.filter(saysAny), ...unchecked]).toEqual([]);
  });

  it('keeps files small enough to be read in one go', () => {
    const long = sources.filter((file) => textOf(file).split('\n').length > 310);
    expect(long).toEqual([]);
  });
});

function saysAny(file: string): boolean {
  const isAny = (node: ts.Node): boolean =>
    node.kind === ts.SyntaxKind.AnyKeyword ||
    ts.forEachChild(node, (child) => isAny(child) || undefined) === true;
  return isAny(ts.createSourceFile(file, textOf(file), ts.ScriptTarget.ES2023, true));
}

/** Depth first: a file that is met again while it is still being visited closes a cycle. */
function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const done = new Set<string>();
  const cycles: string[][] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) return void cycles.push([...path.slice(at), file]);
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return cycles;
}
