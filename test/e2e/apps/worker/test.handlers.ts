import {
  Client,
  ClientContext,
  ClientHandlers,
  GatewayApi,
  NestwireError,
  OnClose,
  OnConnect,
  OnMessage,
  Payload,
} from '../../../../src/index.js';

/** Any call of the api by its name. */
export interface ApiCall {
  readonly fn: string;
  readonly args: readonly unknown[];
}

/** What came of one that its handler saw fail. */
export interface Attempt {
  readonly value?: unknown;
  /** Of the error. */
  readonly code?: string;
}

/** What a client may send any number of. */
export interface NumberMessage {
  readonly n: number;
  /** How long its handler takes, if it is even; 1 ms unless told. */
  readonly takesMs?: number;
}

/** What a worker tells those who are in this group when a client is gone. */
export const WATCHERS = 'watchers';

type AnyCall = (...args: readonly unknown[]) => unknown;

@ClientHandlers()
export class TestHandlers {
  constructor(private readonly api: GatewayApi) {}

  @OnConnect()
  welcome(@Client() { id, kind }: ClientContext): void {
    this.#tell(id, { event: 'welcome', id, kind });
  }

  @OnMessage('call')
  call(@Payload() call: ApiCall): Promise<unknown> {
    return this.#run(call);
  }

  @OnMessage('attempt')
  async attempt(@Payload() call: ApiCall): Promise<Attempt> {
    try {
      return { value: await this.#run(call) };
    } catch (error) {
      if (error instanceof NestwireError) return { code: error.code };
      throw error;
    }
  }

  /** Answers with its number and the process that has handled it. An even one takes longer, so that the next could overtake it. */
  @OnMessage('number')
  async number(@Payload() { n, takesMs }: NumberMessage, @Client() { id }: ClientContext): Promise<void> {
    if (n % 2 === 0) await new Promise((resolve) => setTimeout(resolve, takesMs ?? 1));
    this.#tell(id, { event: 'number', n, worker: process.pid });
  }

  @OnClose()
  closed(@Client() { id, uid, groups, closeCode }: ClientContext): void {
    this.api.sendToGroup(WATCHERS, JSON.stringify({ event: 'closed', id, uid, groups, closeCode }));
  }

  async #run({ fn, args }: ApiCall): Promise<unknown> {
    const method = (this.api as unknown as Record<string, AnyCall>)[fn];
    if (method === undefined) throw new Error(`The api has no "${fn}"`);
    const result: unknown = await method.apply(this.api, [...args]);
    if (typeof result !== 'object' || result === null || !(Symbol.asyncIterator in result)) return result;
    const items: unknown[] = [];
    for await (const item of result as AsyncIterable<unknown>) items.push(item);
    return items;
  }

  #tell(client: ClientContext['id'], message: object): void {
    this.api.sendToClient(client, JSON.stringify(message));
  }
}
