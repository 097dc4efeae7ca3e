import { InvalidHandlerError } from '../errors.js';
import { addDefinition, decoratorName, type HandlerDefinition } from './handler-metadata.js';

/** Goes on a method of a `@ClientHandlers()` class, whatever its parameters. */
export type HandlerDecorator = <Method extends (...args: never[]) => unknown>(
  target: object,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/** A client connected. When a guard denies it, the client is closed and no further `@OnConnect` runs for it. */
export function OnConnect(): HandlerDecorator {
  return handles({ kind: 'connect' });
}

/**
 * Without a name: every message as it came, a `string` for WebSocket text, otherwise a `Buffer`. It runs before the
 * handler of an event and never answers.
 *
 * With a name: messages `{"event":name,"data":…,"id":…}`. What the method returns, or throws, becomes the answer to
 * the `id`, if there is one; of an Observable it is the last value.
 * @throws InvalidHandlerError for an empty name
 */
export function OnMessage(event?: string): HandlerDecorator {
  if (event === '') throw new InvalidHandlerError('@OnMessage', "takes the event's name, or nothing at all");
  return handles(event === undefined ? { kind: 'raw' } : { kind: 'event', event });
}

/** A client is gone. Runs after everything else of this client. */
export function OnClose(): HandlerDecorator {
  return handles({ kind: 'close' });
}

/** Before the first event is taken. The worker does not start when it throws. Guards, pipes and so on do not apply. */
export function OnWorkerStart(): HandlerDecorator {
  return handles({ kind: 'workerStart' });
}

/** After the last event was handled, while the gateways can still be called. */
export function OnWorkerStop(): HandlerDecorator {
  return handles({ kind: 'workerStop' });
}

/**
 * A gateway is gone with all its clients, without their close events: it died, or cannot be reached any more. The method gets
 * its id, a string: the first 12 characters of its clients' ids. Every worker is told, once for each gateway; over the base
 * protocol whenever the link for events ends. What it throws is logged. Guards, pipes and so on do not apply.
 */
export function OnGatewayLost(): HandlerDecorator {
  return handles({ kind: 'gatewayLost' });
}

function handles(definition: HandlerDefinition): HandlerDecorator {
  return (target, method, descriptor) => {
    const { value } = descriptor;
    if (typeof target === 'function' || typeof value !== 'function' || typeof method === 'symbol') {
      throw new InvalidHandlerError(
        `${decoratorName(definition)} on ${String(method)}`,
        'must stand on a method that has a name and is not static',
      );
    }
    addDefinition(value, definition);
  };
}
