import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { formatAddress } from '#api';
import { PageListenError } from './page.errors.js';
import { jsonFile, pageFile, type PageFile } from './page.files.js';

export interface PageServerOptions {
  /** Where the page is served. */
  readonly host: string;
  /** 0 takes a free port, which `listen` tells. */
  readonly port: number;
  /** The WebSocket addresses that the page may connect to, asked for at each visit. */
  readonly gateways: () => readonly string[];
}

/** Serves the chat page, and tells it where the gateways are. Nothing else: the chat itself goes through them. */
export class PageServer {
  readonly #logger = new Logger('Chat');
  readonly #options: PageServerOptions;
  readonly #http: Server;
  #closed: Promise<void> | undefined;

  constructor(options: PageServerOptions) {
    this.#options = options;
    this.#http = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => this.#fail(request, response, error));
    });
  }

  /**
   * The page's address, for browsers.
   * @throws PageListenError when the port cannot be taken
   */
  async listen(): Promise<string> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      const onError = (error: Error): void => reject(new PageListenError({ host, port }, error));
      this.#http.once('error', onError);
      this.#http.listen({ host, port }, () => {
        this.#http.off('error', onError);
        resolve();
      });
    });
    return `http://${formatAddress({ host, port: (this.#http.address() as AddressInfo).port })}`;
  }

  /** Resolves when the port is free; may be called any number of times. */
  async close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#http.close(() => resolve());
      this.#http.closeAllConnections();
    });
    await this.#closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(this.#headers())) response.setHeader(name, value);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return say(response, 405, 'Only GET and HEAD are answered here.\n');
    }
    const file = await this.#file(request.url ?? '/');
    if (file === undefined) return say(response, 404, 'There is nothing here. The chat is at /\n');
    response.setHeader('ETag', file.etag);
    if (request.headers['if-none-match'] === file.etag) return void response.writeHead(304).end();
    response.writeHead(200, { 'Content-Type': file.type, 'Content-Length': file.body.length }).end(file.body);
  }

  async #file(url: string): Promise<PageFile | undefined> {
    const [path = '/'] = url.split('?');
    if (path === '/config.json') return jsonFile({ gateways: this.#options.gateways() });
    return pageFile(path);
  }

  #headers(): Record<string, string> {
    const gateways = this.#options.gateways().map(sourceOf).join(' ');
    return {
      'Content-Security-Policy':
        `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ${gateways}; ` +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Opener-Policy': 'same-origin',
      // Kept, but asked for each time: an update must not meet yesterday's modules.
      'Cache-Control': 'no-cache',
    };
  }

  #fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    this.#logger.error(`${request.method} ${request.url} failed`, error);
    if (response.headersSent) response.destroy();
    else say(response, 500, 'The page could not be read. The log tells why.\n');
  }
}

/** As the policy writes it. A gateway on all addresses is reached by whichever the visitor came by. */
function sourceOf(gateway: string): string {
  const { protocol, hostname, port } = new URL(gateway);
  const host = hostname === '0.0.0.0' || hostname === '[::]' ? '*' : hostname;
  return `${protocol}//${host}${port === '' ? '' : `:${port}`}`;
}

function say(response: ServerResponse, status: number, text: string): void {
  response
    .writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': text.length })
    .end(text);
}
