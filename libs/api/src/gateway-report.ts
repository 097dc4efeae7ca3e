import { HandshakeRefusedError, LogThrottle, secretsOf } from '#link';
import { codeFact, RefusalCode } from '#protocol';
import type { ChannelContext } from './channel.js';

/** What the log says of one gateway. */
export class GatewayReport {
  readonly #name: string;
  readonly #context: ChannelContext;
  readonly #throttle = new LogThrottle();
  /** What the link is for, where there is another one for events. */
  readonly #purpose: string;

  constructor(name: string, context: ChannelContext) {
    this.#name = name;
    this.#context = context;
    this.#purpose = context.options.protocol === 'base' ? ' for commands' : '';
  }

  linked(): void {
    this.#say(`Linked to the gateway ${this.#name}${this.#purpose}`);
  }

  stopped(): void {
    this.#say(`The gateway ${this.#name} has stopped`);
  }

  /** It is not listed any more, and nothing else was said of its end. */
  left(): void {
    this.#say(`The gateway ${this.#name} has left`);
  }

  linkEnded(error: Error, wasLinked: boolean): void {
    const what = wasLinked
      ? `The link to the gateway ${this.#name}${this.#purpose} ended`
      : `The gateway ${this.#name} could not be linked${this.#purpose}`;
    const text = `${what}; it is dialled again while it is listed. ${error.message}${this.#remark(error)}`;
    this.#warn(`link: ${error.name}`, text, error);
  }

  dropped(error: Error | undefined): void {
    const { droppedCommands } = this.#context.counters;
    const text = `Commands for the gateway ${this.#name} are dropped: ${error?.message ?? 'there is no link to it'}`;
    this.#warn('dropped', text, error, { droppedCommands });
  }

  uidSendFailed(error: Error): void {
    const text = `A message to a uid did not reach the clients of the gateway ${this.#name}: ${error.message}`;
    this.#warn('uid', text, error);
  }

  #say(text: string): void {
    this.#context.log.log(text, { gateway: this.#name });
  }

  #warn(
    kind: string,
    text: string,
    error: Error | undefined,
    facts: { droppedCommands?: number } = {},
  ): void {
    this.#throttle.warn(this.#context.log, kind, text, { gateway: this.#name, ...facts, ...codeFact(error) });
  }

  /** A node that is given the new secret before the others is refused with it, and is let in with the old one. */
  #remark(error: Error): string {
    const isSecret = error instanceof HandshakeRefusedError && error.refusal === RefusalCode.Unproven;
    if (!isSecret || secretsOf(this.#context.options.secret).length === 1) return '';
    return ' This node has several secrets and tries the next one: that is expected until every node has the list.';
  }
}
