import type { ReplyError } from './reply-error.js';

/**
 * The answer to `id`. What JSON has no word for (undefined, a function) is null.
 * @throws TypeError for data that cannot be written as JSON: a cycle, a bigint
 */
export function dataReply(id: string | number, data: unknown): string {
  // JSON.stringify gives undefined for those, whatever its type says.
  const json = JSON.stringify(data) as string | undefined;
  // An id that is a number is finite, and JSON writes such a number as JavaScript does.
  const answered = typeof id === 'number' && !Object.is(id, -0) ? String(id) : JSON.stringify(id);
  return `{"id":${answered},"data":${json ?? 'null'}}`;
}

export function errorReply(id: string | number, { code, message }: ReplyError): string {
  return JSON.stringify({ id, error: { code, message } });
}
