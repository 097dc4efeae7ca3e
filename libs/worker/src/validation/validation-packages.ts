import { createRequire } from 'node:module';

import type { ValidationError, ValidationPipeOptions } from '@nestjs/common';

import { MissingPackageError } from '../errors.js';

/** A decorator of class-validator on a property, as its metadata has it. */
export interface RuleMetadata {
  readonly type: string;
  readonly propertyName: string;
  /** The class with the `validate` method; decorators that are no check of their own have none. */
  readonly constraintCls?: object;
  readonly constraints?: readonly unknown[];
  readonly each?: boolean;
  readonly validateIf?: (target: object, value: unknown) => boolean;
}

export interface ConstraintMetadata {
  readonly async: boolean;
  readonly instance: { validate(value: unknown, args: object): unknown };
}

export interface RuleStorage {
  getTargetValidationMetadatas(
    type: object,
    schema: undefined,
    always: boolean,
    strictGroups: boolean,
    groups: readonly string[] | undefined,
  ): readonly RuleMetadata[];
  getTargetValidatorConstraints(constraint: object): readonly ConstraintMetadata[];
}

/** What is used of class-validator. A fork of it must have these, too. */
export interface SyncValidatorPackage {
  validate(target: object, options?: object): Promise<ValidationError[]>;
  validateSync(target: object, options?: object): ValidationError[];
  getMetadataStorage(): RuleStorage;
}

/** What is used of class-transformer. */
export type TransformerPackage = NonNullable<ValidationPipeOptions['transformerPackage']>;

/** What class-transformer knows of its decorators. It is not public: other libraries around it read the same. */
export interface TransformRules {
  getStrategy(type: object): string;
  getExposedMetadatas(type: object): readonly unknown[];
  getExcludedMetadatas(type: object): readonly unknown[];
  findTypeMetadata(type: object, key: string): unknown;
  findTransformMetadatas(type: object, key: string, transformation: number): readonly unknown[];
}

const TRANSFORM_RULES = [
  'getStrategy',
  'getExposedMetadatas',
  'getExcludedMetadatas',
  'findTypeMetadata',
  'findTransformMetadatas',
] as const satisfies readonly (keyof TransformRules)[];

const fromHere = createRequire(import.meta.url);

/** @throws MissingPackageError when it is not installed, or cannot be loaded */
export function loadValidator(require: NodeJS.Require = fromHere): SyncValidatorPackage {
  return load('class-validator', require) as SyncValidatorPackage;
}

/** @throws MissingPackageError when it is not installed, or cannot be loaded */
export function loadTransformer(require: NodeJS.Require = fromHere): TransformerPackage {
  return load('class-transformer', require) as TransformerPackage;
}

/** Undefined where this release keeps them elsewhere: then everything goes through its public functions. */
export function loadTransformRules(require: NodeJS.Require = fromHere): TransformRules | undefined {
  let rules: unknown;
  try {
    rules = (require('class-transformer/cjs/storage.js') as { defaultMetadataStorage?: unknown })
      .defaultMetadataStorage;
  } catch {
    return undefined; // the package itself is there, or its absence has been told
  }
  const isKnown = TRANSFORM_RULES.every((name) => typeof Reflect.get(Object(rules), name) === 'function');
  return isKnown ? (rules as TransformRules) : undefined;
}

/** Not by `import`: a pipe that cannot work says so where it is made. Both packages are the same to `import` and `require`. */
function load(name: string, require: NodeJS.Require): unknown {
  try {
    return require(name) as unknown;
  } catch (cause) {
    throw new MissingPackageError(name, 'SyncValidationPipe', cause);
  }
}
