import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

import type { ClientContext } from '../context/client-context.js';
import type { ClientEventContext } from '../context/client-event-context.js';
import type { ClientSession } from '../context/client-session.js';

/** Exported so that the compiler can tell them from other custom decorators and do without an ExecutionContext. */
export function clientOf(_data: unknown, host: ExecutionContext): ClientContext {
  return contextOf(host).client;
}

export function sessionOf(key: string | undefined, host: ExecutionContext): unknown {
  return pickSession(contextOf(host).session, key);
}

export function pickSession(session: ClientSession, key: string | undefined): unknown {
  return key === undefined ? session : session[key];
}

/** The client that the event is about: a `ClientContext`. */
export const Client = createParamDecorator(clientOf);

/**
 * The session, or one key of it, with all that earlier handlers of this client have written to it. It is frozen: to change what
 * later events see, call `GatewayApi.setSession` or `updateSession`.
 */
export const Session = createParamDecorator(sessionOf);

function contextOf(host: ExecutionContext): ClientEventContext {
  return host.switchToRpc().getContext<ClientEventContext>();
}
