import { Injectable, Optional, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';

import { ImmediateValidation } from './immediate-validation.js';
import { resolveValidationOptions, type SyncValidationPipeOptions } from './sync-validation-options.js';
import { loadTransformer, loadTransformRules, loadValidator } from './validation-packages.js';

/**
 * Nest's ValidationPipe without its promises, for handlers that take many messages: the same options, results and errors, in a
 * fraction of the time. It needs class-validator and class-transformer, as the other does.
 *
 * What has to be waited for cannot be validated so: a DTO with an asynchronous validator (`@ValidatorConstraint({ async: true })`, an
 * `async validate()`, `@ValidatePromise()`) makes the pipe throw AsyncValidatorError, whatever the value. Keep the
 * ValidationPipe for that handler, or ask in the handler itself.
 *
 * A custom validator that finds something wrong is called twice: a value that is not accepted is validated again, for the errors.
 */
@Injectable()
export class SyncValidationPipe implements PipeTransform {
  readonly #validation: ImmediateValidation;

  /**
   * @throws MissingPackageError when class-validator or class-transformer is not installed
   * @throws InvalidOptionError for an unknown option or a wrong value
   */
  constructor(@Optional() options?: SyncValidationPipeOptions) {
    const { validatorPackage, transformerPackage, ...rest } = resolveValidationOptions(options ?? {});
    this.#validation = new ImmediateValidation(
      rest,
      validatorPackage ?? loadValidator(),
      transformerPackage ?? loadTransformer(),
      transformerPackage === undefined ? loadTransformRules() : undefined,
    );
  }

  /**
   * @throws what the exception factory makes of the errors: a BadRequestException with their messages by default
   * @throws AsyncValidatorError for a class that cannot be validated at once
   */
  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    return this.#validation.validated(value, metadata);
  }
}
