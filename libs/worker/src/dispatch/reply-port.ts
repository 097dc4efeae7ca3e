import type { ClientId } from '#protocol';

/** What the dispatcher needs to answer clients; GatewayApi has it. */
export interface ReplyPort {
  sendToClient(clientId: ClientId, message: string): void;
  /** After what is queued for the client has been sent; `denied` tells it not to come back. */
  closeClient(clientId: ClientId, options: { readonly denied: boolean }): void;
  /** Resolves when everything called so far is on its way. */
  flush(): Promise<void>;
}
