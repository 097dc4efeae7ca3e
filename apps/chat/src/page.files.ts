import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** All that a path may be: the folder is flat, so there is no way to write one that leads out of it. */
const FILE_PATH = /^\/([a-z0-9-]+\.([a-z]+))$/;

const folder = dirname(createRequire(import.meta.url).resolve('#chat-page/index.html'));

/** Read each time, so that an edited page needs no restart. Undefined when there is no such file. */
export async function pageFile(path: string): Promise<PageFile | undefined> {
  const [, name, extension] = FILE_PATH.exec(path === '/' ? '/index.html' : path) ?? [];
  if (name === undefined || extension === undefined) return undefined;
  const type = Object.hasOwn(TYPES, extension) ? TYPES[extension] : undefined;
  if (type === undefined) return undefined;
  const body = await readFile(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return body === undefined ? undefined : asFile(type, body);
}

export function jsonFile(value: unknown): PageFile {
  return asFile('application/json; charset=utf-8', Buffer.from(JSON.stringify(value)));
}

function asFile(type: string, body: Buffer): PageFile {
  return { type, body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"` };
}
