import { isObservable, lastValueFrom } from 'rxjs';

/** Whether a value is still to come: a promise, any other thenable, or an Observable. One that throws when asked is none. */
export function isPending(value: unknown): boolean {
  try {
    return isThenable(value) || (typeof value === 'object' && isObservable(value));
  } catch {
    return false;
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    (typeof value === 'object' || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

/** The value to come. Of an Observable it is the last one, and undefined when it completes without any. */
export async function settle(value: unknown): Promise<unknown> {
  const settled = await value;
  return isObservable(settled) ? lastValueFrom(settled, { defaultValue: undefined }) : settled;
}
