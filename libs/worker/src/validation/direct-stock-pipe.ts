import {
  ValidationPipe,
  type ArgumentMetadata,
  type PipeTransform,
  type ValidationPipeOptions,
} from '@nestjs/common';

import { AsyncValidatorError } from '../errors.js';
import { ImmediateValidation } from './immediate-validation.js';
import { loadTransformer, loadTransformRules, loadValidator } from './validation-packages.js';

/**
 * Nest's own ValidationPipe with what it does for most DTOs done at once: its promises are most of what a message costs. Same options,
 * results and errors. Only classes with rules of class-validator are taken: a pipe cannot be asked which package it was given, and making
 * another one would give that package to all. A class with an asynchronous validator is left to the pipe itself.
 */
export class DirectStockPipe implements PipeTransform {
  #validation: ImmediateValidation | undefined;
  readonly #canBeDirect = new WeakMap<object, boolean>();
  readonly #options: ValidationPipeOptions;

  private constructor(private readonly stock: ValidationPipe) {
    this.#options = optionsOf(stock);
  }

  /** The pipe itself unless it is exactly Nest's ValidationPipe: what somebody has changed is theirs. */
  static of(pipe: PipeTransform): PipeTransform {
    return pipe.constructor === ValidationPipe ? new DirectStockPipe(pipe as ValidationPipe) : pipe;
  }

  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    const type = this.#options.expectedType ?? metadata.metatype;
    if (type === undefined || !this.#isDirect(type)) return this.stock.transform(value, metadata);
    try {
      this.#validation ??= immediate(this.#options);
      return this.#validation.validated(value, metadata);
    } catch (error) {
      if (!(error instanceof AsyncValidatorError)) throw error;
      this.#canBeDirect.set(type, false);
      return this.stock.transform(value, metadata);
    }
  }

  #isDirect(type: object): boolean {
    const known = this.#canBeDirect.get(type);
    if (known !== undefined) return known;
    const isDirect = hasRules(type);
    this.#canBeDirect.set(type, isDirect);
    return isDirect;
  }
}

function hasRules(type: object): boolean {
  try {
    loadTransformer();
    const storage = loadValidator().getMetadataStorage();
    return storage.getTargetValidationMetadatas(type, undefined, true, false, undefined).length > 0;
  } catch {
    return false; // one of the packages cannot be loaded from here, though the pipe may have it
  }
}

function immediate(options: ValidationPipeOptions): ImmediateValidation {
  return new ImmediateValidation(options, loadValidator(), loadTransformer(), loadTransformRules());
}

/** What it was made with, which it keeps under these names. */
function optionsOf(stock: ValidationPipe): ValidationPipeOptions {
  const field = (name: string): unknown => Reflect.get(stock, name);
  return {
    ...(field('validatorOptions') as ValidationPipeOptions),
    transform: field('isTransformEnabled'),
    disableErrorMessages: field('isDetailedOutputDisabled'),
    transformOptions: field('transformOptions'),
    errorHttpStatusCode: field('errorHttpStatusCode'),
    errorFormat: field('errorFormat'),
    maxErrorMessagesLength: field('maxErrorMessagesLength'),
    expectedType: field('expectedType'),
    exceptionFactory: field('exceptionFactory'),
    validateCustomDecorators: field('validateCustomDecorators'),
  } as ValidationPipeOptions;
}
