import { ConsoleLogger } from '@nestjs/common';
import type { LogEnvironment } from './environment.js';

type Line = ConstructorParameters<typeof ConsoleLogger>[1];

/** Nest's logger as the environment wants it. Lines of supervised processes say which of them wrote it. */
export class ServiceLogger extends ConsoleLogger {
  readonly #process: string | undefined;

  /** @param context what lines are about that do not say it themselves */
  constructor({ logLevels, isJsonLog, supervised }: LogEnvironment, context = 'Nestwire') {
    const options: Line = { logLevels, json: isJsonLog, flattenParams: true };
    super(context, supervised === undefined ? options : { ...options, prefix: supervised });
    this.#process = supervised;
  }

  /** Why a start failed is told once, at its end, which leaves out the stack of an error that says what to do. */
  override error(message: unknown, ...rest: unknown[]): void {
    if (rest.at(-1) !== 'ExceptionHandler') super.error(message, ...rest);
  }

  protected override getJsonLogObject(
    ...line: Parameters<ConsoleLogger['getJsonLogObject']>
  ): ReturnType<ConsoleLogger['getJsonLogObject']> {
    const fields = super.getJsonLogObject(...line);
    return this.#process === undefined ? fields : { ...fields, process: this.#process };
  }
}
