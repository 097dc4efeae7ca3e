import type { Codec } from '../codec.js';
import { InvalidArgumentError, InvalidOptionError, ProtocolError } from '../errors.js';
import type { Command, Question } from './command.js';

/** The codes that belong to the application's own commands. */
const FIRST_CUSTOM_CODE = 100;
const LAST_CUSTOM_CODE = 199;

export function isCustomCode(code: number): boolean {
  return Number.isInteger(code) && code >= FIRST_CUSTOM_CODE && code <= LAST_CUSTOM_CODE;
}

/**
 * A command of the application's own that is not answered. Gateway and workers import the same definition.
 * @throws InvalidOptionError unless the code is 100–199.
 */
export function defineCommand<Request, Received extends Request = Request>(
  definition: Command<Request, Received>,
): Command<Request, Received> {
  checkCode(definition.code);
  return definition;
}

/**
 * A command of the application's own that is answered by exactly one reply.
 * @throws InvalidOptionError unless the code is 100–199.
 */
export function defineQuestion<
  Request,
  Reply,
  Received extends Request = Request,
  Answer extends Reply = Reply,
>(definition: Question<Request, Reply, Received, Answer>): Question<Request, Reply, Received, Answer> {
  checkCode(definition.code);
  return definition;
}

/**
 * A codec for values that JSON can say: the short way to define a command. `parse` checks and narrows what arrived;
 * whatever it throws reaches the reader as the `cause` of a ProtocolError. Writing what JSON cannot say (`undefined`,
 * a function, a bigint, a cycle) throws InvalidArgumentError.
 */
export function jsonCodec<T>(parse: (value: unknown) => T): Codec<T> {
  return {
    write: (writer, value) => writer.payload(jsonOf(value)),
    read(reader) {
      const json = reader.rest().toString('utf8');
      try {
        return parse(JSON.parse(json));
      } catch (cause) {
        throw new ProtocolError(
          'ERR_NESTWIRE_MALFORMED',
          'The JSON of a custom command is malformed, or refused by its `parse`',
          { cause },
        );
      }
    },
  };
}

function jsonOf(value: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (cause) {
    throw new InvalidArgumentError('value', 'cannot be said in JSON: see the cause.', { cause });
  }
  if (json !== undefined) return json;
  throw new InvalidArgumentError(
    'value',
    `cannot be said in JSON: it is ${typeof value}. Use null for nothing.`,
  );
}

function checkCode(code: number): void {
  if (isCustomCode(code)) return;
  throw new InvalidOptionError(
    'code',
    `of a custom command must be ${FIRST_CUSTOM_CODE}–${LAST_CUSTOM_CODE}, not ${code}: the others belong to the protocol.`,
  );
}
