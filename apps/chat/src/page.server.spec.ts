import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { PageServer } from './page.server.js';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const GATEWAYS = ['ws://127.0.0.1:8000', 'ws://0.0.0.0:8100/chat'];
const servers: PageServer[] = [];

function pageServer(port = 0): PageServer {
  const server = new PageServer({ host: '127.0.0.1', port, gateways: () => GATEWAYS });
  servers.push(server);
  return server;
}

/** Sends the path as it stands: fetch would resolve the dots in it. */
async function ask(url: string, path: string, method = 'GET', headers = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const sent = httpRequest({ hostname, port, path, method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

describe('PageServer', () => {
  it.each([
    ['/', 'text/html; charset=utf-8', '<!doctype html>'],
    ['/index.html', 'text/html; charset=utf-8', '<!doctype html>'],
    ['/main.js?v=1', 'text/javascript; charset=utf-8', 'import '],
    ['/theme.css', 'text/css; charset=utf-8', ':root'],
    ['/icon.svg', 'image/svg+xml', '<svg'],
  ])('serves %s as %s', async (path, type, beginning) => {
    const { status, headers, body } = await ask(await pageServer().listen(), path);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe(type);
    expect(headers['content-length']).toBe(String(Buffer.byteLength(body)));
    expect(body).toContain(beginning);
  });

  it('tells the page where the gateways are', async () => {
    const { headers, body } = await ask(await pageServer().listen(), '/config.json');
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(JSON.parse(body)).toEqual({ gateways: GATEWAYS });
  });

  it('allows scripts, styles and connections of its own only, and none that are written into the page', async () => {
    const url = await pageServer().listen();
    for (const path of ['/', '/main.js', '/nothing-here.js']) {
      const { headers } = await ask(url, path);
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';");
      expect(policy).toContain("connect-src 'self' ws://127.0.0.1:8000 ws://*:8100;");
      expect(policy).not.toContain('unsafe');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
    }
  });

  it('needs nothing from elsewhere: the page names no other host', async () => {
    const url = await pageServer().listen();
    const { body } = await ask(url, '/');
    for (const [, path] of body.matchAll(/(?:src|href)="([^"#]+)"/g)) {
      expect(path).toMatch(/^\/[a-z-]+\.(js|css|svg)$/);
      expect((await ask(url, path!)).status, path).toBe(200);
    }
  });

  it.each([
    '/../src/page.server.ts',
    '/..%2fsrc%2fpage.server.ts',
    '/%2e%2e/src/page.server.ts',
    '/....//package.json',
    '/..\\src\\page.server.ts',
    '//etc/passwd',
    '/index.html%00.js',
    '/index.html/',
    '/package.json',
    '/constructor.constructor',
    '/no-such-file.js',
    '/.git/config',
    'http://elsewhere/index.html',
  ])('finds nothing at %s', async (path) => {
    const { status, headers, body } = await ask(await pageServer().listen(), path);
    expect(status).toBe(404);
    expect(headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(body).toContain('There is nothing here');
  });

  it('answers HEAD with the headers of GET and no body', async () => {
    const url = await pageServer().listen();
    const [got, head] = [await ask(url, '/'), await ask(url, '/', 'HEAD')];
    expect(head.status).toBe(200);
    expect(head.body).toBe('');
    for (const name of ['content-type', 'content-length', 'etag']) {
      expect(head.headers[name], name).toBe(got.headers[name]);
    }
  });

  it('answers 304 to a browser that has the file', async () => {
    const url = await pageServer().listen();
    const { headers } = await ask(url, '/main.js');
    expect(headers['cache-control']).toBe('no-cache');
    const again = await ask(url, '/main.js', 'GET', { 'If-None-Match': headers.etag });
    expect([again.status, again.body]).toEqual([304, '']);
    expect((await ask(url, '/main.js', 'GET', { 'If-None-Match': '"other"' })).status).toBe(200);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('refuses %s', async (method) => {
    const { status, headers } = await ask(await pageServer().listen(), '/', method);
    expect(status).toBe(405);
    expect(headers.allow).toBe('GET, HEAD');
  });

  it('names the variable to change when its port is taken', async () => {
    const port = Number(new URL(await pageServer().listen()).port);
    await expect(pageServer(port).listen()).rejects.toMatchObject({
      name: 'PageListenError',
      code: 'ERR_NESTWIRE_PAGE_LISTEN',
      address: { host: '127.0.0.1', port },
      message: expect.stringMatching(/EADDRINUSE.*set NESTWIRE_PAGE to another address/) as string,
    });
  });

  it('frees its port when it closes, also with connections that are kept open, and may be closed twice', async () => {
    const server = pageServer();
    const url = await server.listen();
    const kept = await fetch(url);
    expect(kept.status).toBe(200);
    await kept.text();
    await Promise.all([server.close(), server.close()]);
    expect(await pageServer(Number(new URL(url).port)).listen()).toBe(url);
  });
});
