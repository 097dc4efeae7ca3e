import type { ValidationPipeOptions } from '@nestjs/common';

import { oneOf, resolveOptions, wholeNumber, type OptionCheck, type OptionChecks } from '#protocol';

import type { SyncValidatorPackage, TransformerPackage } from './validation-packages.js';

/**
 * Those of Nest's ValidationPipe, with the same meaning and defaults: `transform` (false: the handler gets the plain value),
 * `whitelist`, `forbidNonWhitelisted`, `groups`, `exceptionFactory`, `errorFormat` and so on.
 */
export interface SyncValidationPipeOptions extends Omit<
  ValidationPipeOptions,
  'validatorPackage' | 'transformerPackage'
> {
  /** Instead of class-validator: a fork of it, with `validateSync` and `getMetadataStorage`. */
  validatorPackage?: SyncValidatorPackage;
  /** Instead of class-transformer: a fork of it. */
  transformerPackage?: TransformerPackage;
}

const flag = oneOf(true, false);
const aFunction: OptionCheck = (value) => (typeof value === 'function' ? undefined : 'must be a function.');
const options: OptionCheck = (value) =>
  typeof value === 'object' && value !== null ? undefined : 'must be an object of options.';
const names: OptionCheck = (value) =>
  Array.isArray(value) && value.every((name) => typeof name === 'string')
    ? undefined
    : "must be a list of names such as ['create'].";
const status = wholeNumber(400, 599);
/** Everything else is a number to Nest, too: Infinity lifts the limit. */
const length: OptionCheck = (value) =>
  typeof value === 'number' && value >= 0 ? undefined : 'must be a number of characters, or Infinity.';
const validator = having('a package like class-validator', [
  'validate',
  'validateSync',
  'getMetadataStorage',
]);
const transformer = having('a package like class-transformer', ['plainToInstance', 'classToPlain']);

const CHECKS: OptionChecks<SyncValidationPipeOptions> = {
  transform: given(flag),
  disableErrorMessages: given(flag),
  transformOptions: given(options),
  errorHttpStatusCode: given(status),
  exceptionFactory: given(aFunction),
  validateCustomDecorators: given(flag),
  expectedType: given(aFunction),
  validatorPackage: given(validator),
  transformerPackage: given(transformer),
  errorFormat: given(oneOf('list', 'grouped')),
  maxErrorMessagesLength: given(length),
  enableDebugMessages: given(flag),
  skipUndefinedProperties: given(flag),
  skipNullProperties: given(flag),
  skipMissingProperties: given(flag),
  whitelist: given(flag),
  forbidNonWhitelisted: given(flag),
  groups: given(names),
  always: given(flag),
  strictGroups: given(flag),
  dismissDefaultMessages: given(flag),
  validationError: given(options),
  forbidUnknownValues: given(flag),
  stopAtFirstError: given(flag),
};

/** @throws InvalidOptionError for an unknown option or a wrong value */
export function resolveValidationOptions(given: SyncValidationPipeOptions): SyncValidationPipeOptions {
  return resolveOptions<SyncValidationPipeOptions>('SyncValidationPipe', {}, given, CHECKS);
}

/** None of them has to be given. */
function given(check: OptionCheck): OptionCheck {
  return (value) => (value === undefined ? undefined : check(value));
}

function having(what: string, methods: readonly string[]): OptionCheck {
  return (value) =>
    methods.every((method) => typeof Reflect.get(Object(value), method) === 'function')
      ? undefined
      : `must be ${what}: with ${methods.join(', ')}.`;
}
