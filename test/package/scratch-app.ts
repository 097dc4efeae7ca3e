import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const NODE_MODULES = resolve(HERE, '../../node_modules');

interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

interface Lock {
  readonly packages: Readonly<Record<string, unknown>>;
}

/** What somebody has who starts a Nest application. */
const DEPENDENCIES = ['@nestjs/common', '@nestjs/core', '@nestjs/microservices', 'reflect-metadata', 'rxjs'];
/** What the package asks for beyond that. None of these has programs to link, for which npm would fetch it anew. */
const FOR_GATEWAYS = ['@nestjs/websockets', '@nestjs/platform-ws', 'ws', 'php-serialize'];
const DEV_DEPENDENCIES = ['@types/node', '@nestjs/testing'];

/**
 * A Nest application in a folder outside the repo, with copies of exactly the packages it needs, so that nothing can be found by
 * accident, and npm can install without a network.
 */
export class ScratchApp {
  readonly folder = mkdtempSync(join(tmpdir(), 'nestwire-scratch-'));

  constructor() {
    cpSync(join(HERE, 'app'), this.folder, { recursive: true });
    const manifest = {
      name: 'scratch',
      version: '1.0.0',
      private: true,
      type: 'module',
      dependencies: versionsOf([...DEPENDENCIES, ...FOR_GATEWAYS]),
      devDependencies: versionsOf(DEV_DEPENDENCIES),
    };
    writeFileSync(join(this.folder, 'package.json'), JSON.stringify(manifest));
    const packages = closureOf([...DEPENDENCIES, ...FOR_GATEWAYS, ...DEV_DEPENDENCIES]);
    for (const name of packages) {
      const target = join(this.folder, 'node_modules', name);
      mkdirSync(dirname(target), { recursive: true });
      cpSync(join(NODE_MODULES, name), target, { recursive: true });
    }
    this.#noteAsInstalled(packages);
  }

  /** What npm keeps in `node_modules` about what it has put there: without it, it would ask the registry. Written last, or it is void. */
  #noteAsInstalled(names: ReadonlySet<string>): void {
    const lock = JSON.parse(readFileSync(join(NODE_MODULES, '.package-lock.json'), 'utf8')) as Lock;
    const isCopied = ([path]: [string, unknown]): boolean =>
      names.has(path.replace(/^node_modules\//, '').replace(/\/node_modules\/.*$/, ''));
    const packages = Object.fromEntries(Object.entries(lock.packages).filter(isCopied));
    writeFileSync(
      join(this.folder, 'node_modules/.package-lock.json'),
      JSON.stringify({ ...lock, name: 'scratch', version: '1.0.0', packages }),
    );
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function manifestOf(name: string): Manifest {
  return JSON.parse(readFileSync(join(NODE_MODULES, name, 'package.json'), 'utf8')) as Manifest;
}

function versionsOf(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, manifestOf(name).version]));
}

/** The packages and all that they depend on. What lies in a package's own `node_modules` is copied with it. */
function closureOf(names: readonly string[], found = new Set<string>()): Set<string> {
  for (const name of names) {
    if (found.has(name) || !existsSync(join(NODE_MODULES, name))) continue;
    found.add(name);
    const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifestOf(name);
    const peers = Object.keys(peerDependencies).filter(
      (peer) => peerDependenciesMeta[peer]?.optional !== true,
    );
    closureOf([...Object.keys(dependencies), ...peers], found);
  }
  return found;
}
