import {
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { PageServer, type PageServerOptions } from './page.server.js';

const PAGE_OPTIONS = Symbol('PageServerOptions');

/** Serves the chat page as long as the application runs. */
@Module({})
export class PageModule implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger('Chat');

  constructor(
    @Inject(PageServer) private readonly server: PageServer,
    @Inject(PAGE_OPTIONS) private readonly options: PageServerOptions,
  ) {}

  static forRoot(options: PageServerOptions): DynamicModule {
    return {
      module: PageModule,
      providers: [
        { provide: PAGE_OPTIONS, useValue: options },
        { provide: PageServer, useFactory: () => new PageServer(options) },
      ],
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    const url = await this.server.listen();
    this.#logger.log(`The chat is on ${url} and talks to ${this.options.gateways().join(' or ')}`);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.server.close();
  }
}
