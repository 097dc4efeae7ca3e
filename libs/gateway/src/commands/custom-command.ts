import type { ClientKind, Command, Payload, Question } from '#protocol';

/** A client as a custom command sees it: live values, not a copy. */
export interface ClientView {
  readonly connectionId: number;
  readonly kind: ClientKind;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly connectedAtMs: number;
  /** Bytes that it has not taken yet. */
  readonly queuedBytes: number;
  /** Empty when none is bound. */
  readonly uid: string;
  readonly groups: readonly string[];
  /** Decoded anew at each call. */
  session(): unknown;
}

/**
 * What a custom command may do: read and change the clients of its own gateway, through the same table as the built-in commands.
 * Ids of clients that are gone are ignored, as the built-in commands do.
 */
export interface CommandPort {
  readonly clientCount: number;
  client(connectionId: number): ClientView | undefined;
  clients(): Iterable<ClientView>;
  clientsOfUid(uid: string): Iterable<ClientView>;
  clientsOfGroup(group: string): Iterable<ClientView>;
  send(connectionId: number, message: Payload): void;
  sendToMany(connectionIds: Iterable<number>, message: Payload): void;
  /** After what is queued is sent; `force`: now. */
  closeClient(connectionId: number, options?: { readonly force?: boolean }): void;
  /** An empty uid unbinds. */
  bindUid(connectionId: number, uid: string): void;
  joinGroup(connectionId: number, group: string): void;
  leaveGroup(connectionId: number, group: string): void;
  /** Replaces the session; one larger than `maxSessionBytes` is not taken, counted and logged. */
  setSession(connectionId: number, session: Readonly<Record<string, unknown>>): void;
}

/**
 * A command of the application's own, executed inside the gateway: for when the calls of `GatewayApi` would take too many round
 * trips. It runs on the gateway's only thread, between the messages of all its clients, so it must be quick and
 * must not wait for anything.
 */
export interface CustomCommand<Request = unknown, Reply = unknown, Received extends Request = Request> {
  /** From `defineCommand` or `defineQuestion`: the code (100–199) and the codecs. */
  readonly definition: Command<Request, Received> | Question<Request, Reply, Received>;
  /**
   * What it throws, or the codec of its request, is logged and counted, and whoever waits for an answer gets an error. Over the base
   * protocol the caller of a question that threw loses its command link: replies carry no id, and a missing one would shift all later ones.
   * @param request its views are valid during the call only
   */
  execute(port: CommandPort, request: Received): Reply;
}
