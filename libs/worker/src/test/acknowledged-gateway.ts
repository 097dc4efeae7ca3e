import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';

import { LinkServer, listenerHandshake, resolveLinkOptions, type Link } from '#link';
import {
  COMMANDS,
  ExtensionCode,
  readAcknowledge,
  readRequest,
  readTakeEvents,
  writeEvent,
  writeMarks,
  type ByteReader,
  type GatewayEntry,
  type GatewayEvent,
  type NodeAddress,
} from '#protocol';

/** A gateway of the extension with real sockets and the real handshake: events out, and a note of all that comes in. */
export class AcknowledgedGateway {
  /** In the order of the link, which is what much of the extension is about. */
  readonly notes: string[] = [];
  readonly id = `f${randomBytes(6).toString('hex').slice(1)}`;
  readonly #changes = new EventEmitter().setMaxListeners(100);
  readonly #server: LinkServer;
  #address: NodeAddress = { host: '127.0.0.1', port: 0 };
  #eventLink: Link | undefined;
  #writes = 0;

  private constructor() {
    const session = randomBytes(16).toString('hex');
    const handler = listenerHandshake(
      {
        secrets: [''],
        role: 'gateway',
        name: 'test',
        gatewayId: this.id,
        session: () => session,
        admit: () => undefined,
      },
      {
        welcomed: () => undefined,
        frame: (payload, link) => {
          const note = this.#noteOf(payload, link);
          if (note !== undefined) this.#note(note);
        },
        ended: () => undefined,
        closed: () => {
          this.#eventLink = undefined;
          this.#note('closed');
        },
      },
    );
    this.#server = new LinkServer(resolveLinkOptions({ closeTimeoutMs: 100 }), handler);
  }

  static async listen(): Promise<AcknowledgedGateway> {
    const gateway = new AcknowledgedGateway();
    gateway.#address = await gateway.#server.listen({ host: '127.0.0.1', port: 0 }, 'test');
    return gateway;
  }

  get entry(): GatewayEntry {
    return { id: this.id, address: this.#address, zone: '', features: 0 };
  }

  /** On the link on which a worker takes events. */
  async send(event: GatewayEvent, isRedelivered = false): Promise<void> {
    await this.until(() => this.#eventLink !== undefined);
    this.#eventLink!.send((writer) => {
      if (isRedelivered) writeMarks(writer, { redelivered: true });
      writeEvent(writer, event);
    });
  }

  /** All session writes that have come are in the sessions of the events that follow. */
  applySessions(): void {
    this.#eventLink!.send((writer) => {
      writer.u8(ExtensionCode.SessionsApplied);
      writer.u32(this.#writes);
    });
  }

  breakLink(): void {
    this.#eventLink!.destroy();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this.#changes, 'change');
  }

  /** Waits until this has been noted so often. */
  async untilNoted(note: string, times = 1): Promise<void> {
    await this.until(() => this.notes.filter((one) => one === note).length >= times);
  }

  async close(): Promise<void> {
    for (const link of this.#server.links) link.destroy();
    await this.#server.close();
  }

  #note(note: string): void {
    this.notes.push(note);
    this.#changes.emit('change');
  }

  #noteOf(payload: ByteReader, link: Link): string | undefined {
    const code = payload.u8();
    switch (code) {
      case ExtensionCode.Ping:
        link.send((writer) => writer.u8(ExtensionCode.Pong));
        return undefined;
      case ExtensionCode.TakeEvents: {
        this.#eventLink = link;
        this.#writes = 0;
        const { windowBytes, tags } = readTakeEvents(payload);
        return `takeEvents ${windowBytes} ${JSON.stringify(tags)}`;
      }
      case ExtensionCode.Leave:
        link.send((writer) => writer.u8(ExtensionCode.Left));
        return 'leave';
      case ExtensionCode.Acknowledge: {
        const ranges: string[] = [];
        readAcknowledge(payload, (first, count) => ranges.push(`${first}+${count}`));
        return `acknowledge ${ranges.join(' ')}`;
      }
      case COMMANDS.sendToClient.code: {
        const { connectionId, message } = readRequest(payload, COMMANDS.sendToClient);
        return `sendToClient ${connectionId} ${message.toString()}`;
      }
      case COMMANDS.updateSession.code: {
        this.#writes++;
        const { connectionId, session } = readRequest(payload, COMMANDS.updateSession);
        return `updateSession ${connectionId} ${session.toString()}`;
      }
      default:
        return `code ${code}`;
    }
  }
}
