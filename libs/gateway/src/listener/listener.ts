import type { NodeAddress, UpgradeRequest } from '#protocol';
import type { Transport } from '../connection/transport.js';

/** What a listener reports of its clients. `Client` is whatever `opened` returned for it. */
export interface ListenerHandler<Client> {
  /** A client is there. Undefined when it cannot be taken: the listener forgets it, its transport has been closed. */
  opened(transport: Transport, request: UpgradeRequest | undefined): Client | undefined;
  /** @param data valid during the call only */
  message(client: Client, data: Buffer, isText: boolean): void;
  /** It is gone, exactly once. `code` is the WebSocket close code; undefined over raw TCP. */
  closed(client: Client, code: number | undefined, reason: string): void;
  /** The client's bytes were not what the listener speaks: the listener is closing it with this code. */
  misbehaved(client: Client, code: number, reason: string): void;
  /** Somebody who is no client yet was turned away: no valid upgrade, or nothing that the listener speaks. */
  refused(error: Error): void;
  /** A socket was turned away unheard: there are too many that are no clients yet. */
  dropped(): void;
  /** More come than `maxAcceptsPerSecond`: one of them has to wait. */
  delayed(): void;
  /** A socket failed, or could not be accepted. */
  failed(error: Error): void;
}

/** One port on which clients arrive. */
export interface Listener {
  /** As clients write it, with the port that it really has: `ws://127.0.0.1:8000`. Known after `listen`. */
  readonly url: string;
  readonly address: NodeAddress;
  /** @throws ListenError when the port cannot be taken. */
  listen(): Promise<void>;
  /** Takes no new clients; those there are stay. */
  stopAccepting(): void;
  /** Ends everything that is left. */
  close(): Promise<void>;
}
