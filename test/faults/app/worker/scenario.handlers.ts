import { Inject } from '@nestjs/common';
import {
  Client,
  ClientContext,
  ClientHandlers,
  GatewayApi,
  OnClose,
  OnConnect,
  OnGatewayLost,
  OnMessage,
  Payload,
  Session,
  type ClientSession,
} from '../../../../src/index.js';
import { nowUs } from '../clock.js';
import type { Count, Counted, Enter, Publish } from '../messages.js';
import { Journal } from './journal.js';
import { SETTINGS, type WorkerSettings } from './settings.js';
import { takesMs } from './takes.js';

/** What the handlers keep in a session. */
interface Counter {
  /** The number that was handled last; none at first. */
  readonly counter?: number;
}

@ClientHandlers()
export class ScenarioHandlers {
  constructor(
    private readonly api: GatewayApi,
    private readonly journal: Journal,
    @Inject(SETTINGS) private readonly settings: WorkerSettings,
  ) {}

  @OnConnect()
  opened(@Client() client: ClientContext): void {
    this.journal.write(['open', nowUs(), client.id, client.redelivered]);
  }

  @OnClose()
  closed(@Client() client: ClientContext): void {
    this.journal.write(['close', nowUs(), client.id, client.redelivered]);
  }

  @OnGatewayLost()
  gatewayLost(gateway: string): void {
    this.journal.write(['gatewayLost', nowUs(), gateway]);
  }

  /** Binds and joins; what is bound and joined already stays so. */
  @OnMessage('enter')
  enter(@Client() { id }: ClientContext, @Payload() { uid, groups }: Enter): void {
    this.journal.write(['enter', nowUs(), id, uid, groups]);
    this.api.bindUid(id, uid);
    for (const group of groups) this.api.joinGroup(id, group);
    this.api.sendToClient(id, JSON.stringify({ event: 'entered' }));
  }

  /** Most are handled at once, and some take their time: then nothing else of this client may be handled. */
  @OnMessage('count')
  count(
    @Client() client: ClientContext,
    @Payload() { client: whose, n }: Count,
    @Session() { counter = 0 }: ClientSession & Counter,
  ): Promise<void> | undefined {
    const { id, redelivered } = client;
    this.journal.write(['start', nowUs(), id, redelivered, n, counter]);
    const { seed, slowestMs } = this.settings;
    const waitMs = takesMs(seed, whose, n, slowestMs);
    const answer = (): void => this.#answer(client, { event: 'count', n, counter, redelivered });
    if (waitMs === 0) {
      answer();
      return undefined;
    }
    return new Promise((resolve) => {
      setTimeout(() => {
        answer();
        resolve();
      }, waitMs);
    });
  }

  @OnMessage('publish')
  publish(@Payload() { group, message }: Publish): void {
    this.api.sendToGroup(group, message);
  }

  #answer(client: ClientContext, counted: Omit<Counted, 'worker'>): void {
    const answer: Counted = { ...counted, worker: this.settings.name };
    this.api.updateSession(client.id, { counter: counted.n });
    this.api.sendToClient(client.id, JSON.stringify(answer));
    this.journal.write(['done', nowUs(), client.id, counted.n]);
  }
}
