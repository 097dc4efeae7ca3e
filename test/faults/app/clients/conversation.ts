import { WebSocket } from 'ws';
import { nowUs } from '../clock.js';
import type { Count, Counted, Enter, News } from '../messages.js';
import type { Answer, ConversationRecord, Ending } from './records.js';

type Heard =
  { readonly event: 'welcome'; readonly id: string } | { readonly event: 'entered' } | Counted | News;

/** What a client does when it comes. */
export interface Person {
  readonly client: number;
  readonly enter: Enter;
}

/** A client over one connection: what it sent, and everything that came. */
export class Conversation {
  readonly #socket: WebSocket;
  readonly #openedUs = nowUs();
  readonly #answers: Answer[] = [];
  readonly #sentUs: number[] = [];
  readonly #newsLatenciesMs: number[] = [];
  #lastNews = 0;
  #newsBreaks = 0;
  #clientId = '';
  #hasEntered = false;
  #best = 0;
  #isLeaving = false;
  #ending: Ending | undefined;

  constructor(
    readonly url: string,
    private readonly person: Person,
    private readonly onChange: (conversation: Conversation) => void,
  ) {
    this.#socket = new WebSocket(url, { perMessageDeflate: false });
    this.#socket.on('message', (data: Buffer) => this.#hear(JSON.parse(data.toString()) as Heard));
    this.#socket.on('close', (code) => this.#end(code));
    // The close that follows says it all.
    this.#socket.on('error', () => undefined);
  }

  /** A worker knows it, and it is bound and in its groups. */
  get isReady(): boolean {
    return this.#hasEntered && this.isOpen && !this.#isLeaving;
  }

  get isOpen(): boolean {
    return this.#ending === undefined;
  }

  /** The last number was answered. */
  get isAnswered(): boolean {
    return this.#best === this.#sentUs.length;
  }

  /** Sends the next number. */
  count(): void {
    this.#sentUs.push(nowUs());
    const message: Count = { client: this.person.client, n: this.#sentUs.length };
    this.#say('count', message);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#isLeaving = true;
    this.#socket.close(1000, 'bye');
  }

  get record(): ConversationRecord {
    return {
      client: this.person.client,
      url: this.url,
      clientId: this.#clientId,
      openedUs: this.#openedUs,
      sent: this.#sentUs.length,
      answers: this.#answers,
      news: {
        count: this.#newsLatenciesMs.length,
        breaks: this.#newsBreaks,
        latenciesMs: this.#newsLatenciesMs,
      },
      ending: this.#ending,
    };
  }

  #hear(heard: Heard): void {
    switch (heard.event) {
      case 'welcome':
        this.#clientId = heard.id;
        // A worker that took over from one that died welcomes it once more.
        if (!this.#hasEntered) this.#say('enter', this.person.enter);
        break;
      case 'entered':
        this.#hasEntered = true;
        this.onChange(this);
        break;
      case 'count':
        this.#take(heard);
        break;
      case 'news':
        if (heard.n !== this.#lastNews + 1) this.#newsBreaks++;
        this.#lastNews = heard.n;
        this.#newsLatenciesMs.push((nowUs() - heard.atUs) / 1_000);
        break;
    }
  }

  #take({ n, redelivered, counter, worker }: Counted): void {
    const atUs = nowUs();
    this.#best = Math.max(this.#best, n);
    this.#answers.push([n, redelivered, counter, worker, atUs, (atUs - (this.#sentUs[n - 1] ?? 0)) / 1_000]);
  }

  #say(event: string, data: Count | Enter): void {
    this.#socket.send(JSON.stringify({ event, data }));
  }

  #end(code: number): void {
    this.#ending = { code, atUs: nowUs(), isOwn: this.#isLeaving };
    this.onChange(this);
  }
}
