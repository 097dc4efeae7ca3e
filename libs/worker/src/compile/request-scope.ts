import { ContextIdFactory, ModuleRef, type ContextId } from '@nestjs/core';
import { REQUEST_CONTEXT_ID, type InstanceWrapper } from '@nestjs/core/internal';

import type { ClientEventContext } from '../context/client-event-context.js';

/** Makes instances of handler classes that live for one event, as Nest does for one request. */
export class RequestScope {
  readonly #moduleRef: ModuleRef;

  constructor(moduleRef: ModuleRef) {
    this.#moduleRef = moduleRef;
  }

  /** The same for all handlers of one event; `REQUEST` is the context. */
  contextIdOf(context: ClientEventContext, wrapper: InstanceWrapper): ContextId {
    const known = context[REQUEST_CONTEXT_ID];
    if (known !== undefined) return known;
    const contextId = ContextIdFactory.getByRequest(context);
    context[REQUEST_CONTEXT_ID] = contextId;
    // Durable providers outlive the event: they get what the application's ContextIdStrategy has for them.
    const request: unknown = wrapper.isDependencyTreeDurable() ? contextId.payload : context;
    this.#moduleRef.registerRequestByContextId(request, contextId);
    return contextId;
  }

  async instanceOf(wrapper: InstanceWrapper, contextId: ContextId): Promise<object> {
    // Asked of the class's own module: another one may provide something else under the same token.
    const host = wrapper.host?.getProviderByKey<ModuleRef>(ModuleRef).instance ?? this.#moduleRef;
    return host.resolve<unknown, object>(wrapper.token as never, contextId, { strict: true });
  }
}
