import type { ModuleMetadata } from '@nestjs/common';
import type { Environment } from '../../environment.js';
import type { Service } from '../../service.js';
import { ChatModule } from './chat.module.js';
import { PageModule } from './page.module.js';

type Gateways = () => readonly string[];

/**
 * The chat as a worker runs it: its handlers, and its page, which is told where the gateways are. A supervised worker is one of several
 * and leaves the page to its supervisor.
 * @param gateways their WebSocket addresses, asked for at each visit; by default those of the environment
 */
export function chatContent(
  environment: Environment,
  gateways?: Gateways,
): Pick<ModuleMetadata, 'imports' | 'providers'> {
  if (environment.supervised !== undefined) return { imports: [ChatModule] };
  return { imports: [ChatModule, pageModule(environment, gateways)] };
}

/** The page alone, for a process whose workers are processes of their own. */
export function chatPage(environment: Environment, gateways?: Gateways): Service {
  return { module: pageModule(environment, gateways) };
}

function pageModule(
  { page, webSocketUrls }: Environment,
  gateways: Gateways = () => webSocketUrls,
): ReturnType<typeof PageModule.forRoot> {
  return PageModule.forRoot({ host: page.host, port: page.port, gateways });
}
