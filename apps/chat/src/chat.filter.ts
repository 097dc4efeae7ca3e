import { Catch, Logger, type ExceptionFilter } from '@nestjs/common';
import { NestwireError } from '#api';
import { ChatError } from './chat.errors.js';

/** Turns errors into what the caller is told. Those of the DTOs need none: they say `BAD_REQUEST` and what is wrong. */
@Catch(ChatError, NestwireError)
export class ChatFilter implements ExceptionFilter<ChatError | NestwireError> {
  readonly #logger = new Logger('Chat');

  catch(error: ChatError | NestwireError): { code: string; message: string } {
    if (error instanceof ChatError) return { code: error.code, message: error.message };
    // A gateway went away or did not answer in time. Which one is nothing that clients need to know.
    this.#logger.warn(error.message);
    return { code: 'TRY_AGAIN', message: 'The chat is being restarted in part. Try again in a moment' };
  }
}
