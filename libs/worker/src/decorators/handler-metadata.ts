/** Where a class keeps its `ClientHandlersOptions`. */
export const CLIENT_HANDLERS = Symbol('nestwire:client-handlers');

const HANDLER_DEFINITIONS = Symbol('nestwire:handler-definitions');

/** What one decorator on a method asks for. A method may carry several. */
export type HandlerDefinition =
  | { readonly kind: 'connect' | 'raw' | 'close' | 'workerStart' | 'workerStop' | 'gatewayLost' }
  | { readonly kind: 'event'; readonly event: string };

export function addDefinition(method: object, definition: HandlerDefinition): void {
  // Decorators are applied from the bottom up; read back, they stand as they are written.
  Reflect.defineMetadata(HANDLER_DEFINITIONS, [definition, ...definitionsOf(method)], method);
}

export function definitionsOf(method: object): readonly HandlerDefinition[] {
  return (Reflect.getMetadata(HANDLER_DEFINITIONS, method) as HandlerDefinition[] | undefined) ?? [];
}

/** How a definition is written in code, for messages. */
export function decoratorName(definition: HandlerDefinition): string {
  switch (definition.kind) {
    case 'connect':
      return '@OnConnect()';
    case 'raw':
      return '@OnMessage()';
    case 'event':
      return `@OnMessage('${definition.event}')`;
    case 'close':
      return '@OnClose()';
    case 'workerStart':
      return '@OnWorkerStart()';
    case 'workerStop':
      return '@OnWorkerStop()';
    case 'gatewayLost':
      return '@OnGatewayLost()';
  }
}

/**
 * Handler classes that no worker has met as a provider yet. A class that is still here when a worker starts was
 * probably forgotten; each is reported once, so that the set does not keep classes for ever.
 */
const unclaimedClasses = new Set<object>();

export function announceClass(handlerClass: object): void {
  unclaimedClasses.add(handlerClass);
}

/** Takes the class and those it extends off the list: a base class is used through its subclass. */
export function claimClass(handlerClass: object): void {
  for (let at: object | null = handlerClass; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    unclaimedClasses.delete(at);
  }
}

export function takeUnclaimedClasses(): object[] {
  const classes = [...unclaimedClasses];
  unclaimedClasses.clear();
  return classes;
}
