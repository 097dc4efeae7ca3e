import type { ModuleMetadata } from '@nestjs/common';
import type { Environment } from '../../environment.js';
import { ChatModule } from './chat.module.js';
import { PageModule } from './page.module.js';

/**
 * The chat as a worker runs it: its handlers, and its page, which is told where the gateways are.
 * @param gateways their WebSocket addresses, asked for at each visit; by default those of the environment
 */
export function chatContent(
  { page, webSocketUrls }: Pick<Environment, 'page' | 'webSocketUrls'>,
  gateways: () => readonly string[] = () => webSocketUrls,
): Pick<ModuleMetadata, 'imports' | 'providers'> {
  return { imports: [ChatModule, PageModule.forRoot({ host: page.host, port: page.port, gateways })] };
}
