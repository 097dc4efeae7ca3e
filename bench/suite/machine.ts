import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import type { Machine } from './results.js';

/** What is measured, and what it stands on. */
const PACKAGES = [
  'ws',
  '@nestjs/core',
  '@nestjs/websockets',
  '@nestjs/platform-ws',
  '@nestjs/platform-socket.io',
  'socket.io',
  '@socket.io/redis-adapter',
  'redis',
  'class-validator',
  'class-transformer',
];
const require = createRequire(import.meta.url);

export function describeMachine(): Machine {
  const [first] = cpus();
  return {
    cpu: first?.model.trim() ?? 'unknown processor',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 1024 ** 3),
    system: `${type()} ${release()} ${arch()}`,
    node: process.versions.node,
  };
}

/** @param root folder of this package */
export function installedVersions(root: string): Record<string, string> {
  const versions: Record<string, string> = { nestwire: versionIn(join(root, 'package.json')) };
  for (const name of PACKAGES) {
    const version = versionOf(name);
    if (version !== undefined) versions[name] = version;
  }
  const redis = said('redis-server', '--version');
  const redisVersion = redis === undefined ? undefined : /v=(\S+)/.exec(redis)?.[1];
  return redisVersion === undefined ? versions : { ...versions, 'redis-server': redisVersion };
}

/** Undefined outside a repository; with a plus when the work tree has changes that are not committed. */
export function commitOf(root: string): string | undefined {
  const commit = said('git', '-C', root, 'rev-parse', '--short', 'HEAD');
  const isChanged = said('git', '-C', root, 'status', '--porcelain', '--untracked-files=no') !== '';
  return commit === undefined ? undefined : `${commit}${isChanged ? '+' : ''}`;
}

/** Looks in the folders where Node looks: a package need not let its package.json be imported. */
function versionOf(name: string): string | undefined {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return versionIn(join(folder, name, 'package.json'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return undefined;
}

function versionIn(file: string): string {
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** What a program prints; undefined where there is no such program, or it fails. */
function said(program: string, ...args: string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}
