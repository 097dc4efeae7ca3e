import {
  ValidationPipe,
  type ArgumentMetadata,
  type Type,
  type ValidationError,
  type ValidationPipeOptions,
} from '@nestjs/common';

import { isThenable } from '../compile/pending.js';
import { FlatInstances } from './flat-instances.js';
import { QuickValidation } from './quick-validation.js';
import type { SyncValidatorPackage, TransformerPackage, TransformRules } from './validation-packages.js';

/** A value on its way through the pipe. */
interface Candidate {
  readonly given: unknown;
  /** The value, or `{}` for none. */
  readonly plain: unknown;
  readonly metadata: ArgumentMetadata;
  readonly type: Type<unknown>;
  /** What class-transformer made of it. */
  readonly instance: object;
  /** A primitive or bytes, which class-validator has nothing to look at in: an empty object of the class is validated instead. */
  readonly hasStandIn: boolean;
  /** It is no instance of the class. */
  readonly isForeign: boolean;
}

/**
 * What Nest's ValidationPipe does with a value, step by step, without the promises in between. The steps themselves, and the
 * errors, are Nest's own.
 */
export class ImmediateValidation extends ValidationPipe {
  readonly #validator: SyncValidatorPackage;
  readonly #transformer: TransformerPackage;
  readonly #quick: QuickValidation;
  /** Undefined when there may be more to do than copying, whatever the class. */
  readonly #flat: FlatInstances | undefined;

  constructor(
    options: Omit<ValidationPipeOptions, 'validatorPackage' | 'transformerPackage'>,
    validator: SyncValidatorPackage,
    transformer: TransformerPackage,
    rules: TransformRules | undefined,
  ) {
    super({ ...options, validatorPackage: validator, transformerPackage: transformer });
    this.#validator = validator;
    this.#transformer = transformer;
    this.#quick = new QuickValidation(validator.getMetadataStorage(), this.validatorOptions);
    const isOrdinary = this.transformOptions === undefined && rules !== undefined;
    this.#flat = isOrdinary ? new FlatInstances(rules) : undefined;
  }

  /** @returns a promise, one that fails, only when the exception factory returns one */
  validated(given: unknown, argument: ArgumentMetadata): unknown {
    const { expectedType } = this;
    const metadata = expectedType === undefined ? argument : { ...argument, metatype: expectedType };
    const type = metadata.metatype;
    if (type === undefined || !this.toValidate(metadata)) {
      return this.isTransformEnabled ? this.transformPrimitive(given, metadata) : given;
    }
    const candidate = this.#candidate(given, metadata, type);
    const errors = this.#errorsIn(candidate);
    if (errors.length > 0) return this.#refuse(errors);
    return this.#result(candidate);
  }

  #candidate(given: unknown, metadata: ArgumentMetadata, type: Type<unknown>): Candidate {
    const plain: unknown = this.toEmptyIfNil(given, type);
    const instance = this.#flat?.make(type, plain) ?? this.#transformed(type, plain);
    return {
      given,
      plain,
      metadata,
      type,
      instance,
      hasStandIn: this.isPrimitive(plain) || this.isBinary(plain),
      isForeign: instance.constructor !== type,
    };
  }

  #transformed(type: Type<unknown>, plain: unknown): object {
    this.closeArrayGaps(plain);
    this.stripProtoKeys(plain);
    return this.#transformer.plainToInstance(type, plain, this.transformOptions) as object;
  }

  #errorsIn(candidate: Candidate): ValidationError[] {
    const { instance, type, isForeign, hasStandIn, metadata, plain } = candidate;
    if (hasStandIn && isForeign) {
      const errors = this.#validate({ constructor: type });
      return errors.length === 0 && this.#quick.hasRules(type) ? [notAnObject(metadata)] : errors;
    }
    if (!isForeign) return this.#validate(instance);
    instance.constructor = type;
    const errors = this.#validate(instance);
    // Left there, it would go wherever the value is copied.
    Reflect.deleteProperty(instance, 'constructor');
    const isList = errors.length === 0 && Array.isArray(plain) && this.#quick.hasRules(type);
    return isList ? [notAnObject(metadata)] : errors;
  }

  #validate(target: object): ValidationError[] {
    const { enableDebugMessages, validationError } = this.validatorOptions;
    if (this.#quick.accepts(target) && enableDebugMessages !== true) return [];
    const bytes = this.findNestedBinaryValues(target);
    if (bytes.length > 0) return bytes;
    const errors = this.#validator.validateSync(target, {
      ...this.validatorOptions,
      validationError: { target: false, ...validationError },
    });
    if (validationError?.value === undefined) this.stripParentErrorValues(errors);
    return errors;
  }

  #refuse(errors: ValidationError[]): Promise<never> {
    const exception: unknown = this.exceptionFactory(errors);
    if (!isThenable(exception)) throw exception;
    return Promise.resolve(exception).then((late) => {
      throw late;
    });
  }

  #result({ given, plain, instance, hasStandIn }: Candidate): unknown {
    // For a type that is no class, nothing is an empty string for the while.
    if (given === undefined && (instance as unknown) === '') return given;
    if (this.isTransformEnabled) return instance;
    if (plain !== given) return given;
    // Also Nest takes any option besides `forbidUnknownValues`, which is always there, as a sign that the value may have changed.
    const isChanged = Object.keys(this.validatorOptions).length > 1 && !hasStandIn;
    return isChanged ? (this.#transformer.classToPlain(instance, this.transformOptions) as unknown) : given;
  }
}

function notAnObject({ data, type }: ArgumentMetadata): ValidationError {
  return {
    property: data ?? type,
    constraints: { isObject: 'Validation failed (object is expected)' },
    children: [],
  };
}
