import type { ClientEventContext } from '../context/client-event-context.js';
import type { HandlerParam, ParamReader } from './handler-params.js';
import type { HandlerSite } from './nest-enhancers.js';

/** A compiled handler: returns what the method returns, a promise of it, or a HandlerFailure; throws what it throws. */
export type HandlerCall = (data: unknown, context: ClientEventContext) => unknown;

const readNothing: ParamReader = () => undefined;

/** For a handler that nothing wraps: its parameters are read and the method is called, and that is all. */
export function directCall(
  { instance, callback }: HandlerSite,
  params: readonly HandlerParam[],
): HandlerCall {
  const readers = readersByIndex(params);
  const [first = readNothing, second = readNothing, third = readNothing] = readers;
  switch (readers.length) {
    case 0:
      return () => callback.call(instance);
    case 1:
      return (data, context) => callback.call(instance, first(data, context));
    case 2:
      return (data, context) => callback.call(instance, first(data, context), second(data, context));
    case 3:
      return (data, context) =>
        callback.call(instance, first(data, context), second(data, context), third(data, context));
    default:
      return (data, context) =>
        callback.apply(
          instance,
          readers.map((read) => read(data, context)),
        );
  }
}

/** One for each parameter up to the last decorated one; those between without a decorator are undefined. */
function readersByIndex(params: readonly HandlerParam[]): ParamReader[] {
  const count = Math.max(0, ...params.map(({ index }) => index + 1));
  const readers = Array.from({ length: count }, () => readNothing);
  for (const { index, read } of params) readers[index] = read;
  return readers;
}
