import {
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { PageServer, type PageServerOptions } from './page.server.js';

/** Serves the chat page as long as the application runs. */
@Module({})
export class PageModule implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger('Chat');

  constructor(@Inject(PageServer) private readonly server: PageServer) {}

  static forRoot(options: PageServerOptions): DynamicModule {
    return {
      module: PageModule,
      providers: [{ provide: PageServer, useFactory: () => new PageServer(options) }],
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    this.#logger.log(`The chat is on ${await this.server.listen()}`);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.server.close();
  }
}
