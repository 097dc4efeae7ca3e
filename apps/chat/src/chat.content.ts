import type { ModuleMetadata } from '@nestjs/common';
import type { Environment } from '../../environment.js';
import { ChatModule } from './chat.module.js';
import { PageModule } from './page.module.js';

/** The chat as a worker runs it: its handlers, and its page, which is told where the gateways are. */
export function chatContent({ page, listen }: Environment): Pick<ModuleMetadata, 'imports' | 'providers'> {
  const gateways = listen.filter((url) => url.startsWith('ws:'));
  return {
    imports: [ChatModule, PageModule.forRoot({ host: page.host, port: page.port, gateways: () => gateways })],
  };
}
