import { LogThrottle, type NodeLog } from '#link';
import { codeFact, type GatewayEvent } from '#protocol';
import type { EventSink, EventSource, SessionWrite } from './event-port.js';

/** A source, and what the log calls its gateway. */
export interface NamedSource extends EventSource {
  readonly name: string;
}

/**
 * A sink whose exceptions are logged: whatever goes wrong with one event, those of all other clients come on the same link, and
 * dialling anew, or forgetting a gateway that has left, must not depend on it.
 */
export class GuardedSink {
  /** It wants text messages as such. */
  readonly takesText: boolean;
  readonly #sink: EventSink;
  readonly #log: NodeLog;
  readonly #throttle = new LogThrottle();

  constructor(sink: EventSink, log: NodeLog) {
    this.#sink = sink;
    this.#log = log;
    this.takesText = sink.textMessage !== undefined;
  }

  /** @returns whether the sink has taken it */
  event(source: NamedSource, event: GatewayEvent, sequence: number, isRedelivered: boolean): boolean {
    try {
      this.#sink.event(source, event, sequence, isRedelivered);
      return true;
    } catch (error) {
      this.#report(`A ${event.type} event`, source.name, error);
      return false;
    }
  }

  /** @returns whether the sink has taken it */
  textMessage(
    source: NamedSource,
    connectionId: number,
    session: Buffer,
    text: string,
    sequence: number,
  ): boolean {
    try {
      this.#sink.textMessage?.(source, connectionId, session, text, sequence);
      return true;
    } catch (error) {
      this.#report('A message event', source.name, error);
      return false;
    }
  }

  /** Never rejects. */
  async interrupted(source: NamedSource): Promise<void> {
    try {
      await this.#sink.interrupted?.(source);
    } catch (error) {
      this.#report('The interruption', source.name, error);
    }
  }

  sessionWritten(source: NamedSource, connectionId: number, write: SessionWrite): void {
    try {
      this.#sink.sessionWritten?.(source, connectionId, write);
    } catch (error) {
      this.#report('A session write', source.name, error);
    }
  }

  sessionsApplied(source: NamedSource): void {
    try {
      this.#sink.sessionsApplied?.(source);
    } catch (error) {
      this.#report('News of the sessions', source.name, error);
    }
  }

  /** @param name for the log */
  gatewayLost(gateway: string, name: string): void {
    try {
      this.#sink.gatewayLost?.(gateway);
    } catch (error) {
      this.#report('The loss', name, error);
    }
  }

  #report(what: string, gateway: string, error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    const text = `${what} of the gateway ${gateway} could not be handed over: ${problem}`;
    this.#throttle.warn(this.#log, 'sink', text, { gateway, error, ...codeFact(error) });
  }
}
