import type { ReplyError } from './reply-error.js';

/**
 * The answer to `id`. What JSON has no word for (undefined, a function) is null.
 * @throws TypeError for data that cannot be written as JSON: a cycle, a bigint
 */
export function dataReply(id: string | number, data: unknown): string {
  // JSON.stringify gives undefined for those, whatever its type says.
  const json = JSON.stringify(data) as string | undefined;
  return `{"id":${JSON.stringify(id)},"data":${json ?? 'null'}}`;
}

export function errorReply(id: string | number, { code, message }: ReplyError): string {
  return JSON.stringify({ id, error: { code, message } });
}
