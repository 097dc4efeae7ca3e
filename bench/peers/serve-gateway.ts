import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Logger, type Type, type WebSocketAdapter } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { CustomTransportStrategy } from '@nestjs/microservices';

/** A Nest application needs something to listen on; these have their gateway alone. */
class NoTransport implements CustomTransportStrategy {
  listen(listening: () => void): void {
    listening();
  }

  close(): void {}
}

/**
 * Runs a module with a Nest gateway as a process of its own, on loopback, on the port of the first argument. Prints where
 * it listens when it does.
 */
export async function serveGateway(
  module: Type,
  adapterOf: (server: Server) => WebSocketAdapter | Promise<WebSocketAdapter>,
): Promise<void> {
  const server = createServer();
  const app = await NestFactory.createMicroservice(module, {
    strategy: new NoTransport(),
    logger: ['warn', 'error', 'fatal'],
  });
  app.useWebSocketAdapter(await adapterOf(server));
  await app.listen();
  server.on('error', (error) => {
    Logger.error(error);
    process.exit(1);
  });
  server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    process.stdout.write(`${JSON.stringify({ port })}\n`);
  });
}
