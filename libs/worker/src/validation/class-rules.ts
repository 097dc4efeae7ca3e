import { types } from 'node:util';

import type { ValidationPipeOptions } from '@nestjs/common';

import { AsyncValidatorError } from '../errors.js';
import type { ConstraintMetadata, RuleMetadata, RuleStorage } from './validation-packages.js';

/** One check of a property's value. */
export interface Rule {
  readonly constraint: ConstraintMetadata['instance'];
  readonly constraints: readonly unknown[] | undefined;
  /** Of an array, a Set or a Map each item is checked instead. */
  readonly each: boolean;
  readonly validateIf: RuleMetadata['validateIf'];
}

export interface PropertyRules {
  readonly name: string;
  /** Its class, as checks are told it. */
  readonly className: string;
  /** `@IsOptional()` and `@ValidateIf()`: one that says no ends it. */
  readonly conditions: readonly ((target: object, value: unknown) => boolean)[];
  /** `@IsDefined()`, which no option skips. */
  readonly defined: readonly Rule[];
  readonly checks: readonly Rule[];
  /** `@ValidateNested()` */
  readonly isNested: boolean;
}

/** What the decorators of one class ask for, of those that apply with the options. */
export interface RuleSet {
  readonly isEmpty: boolean;
  /** What a whitelist lets through. */
  readonly names: ReadonlySet<string>;
  readonly properties: readonly PropertyRules[];
}

export const NO_RULES: RuleSet = { isEmpty: true, names: new Set(), properties: [] };

/** The types that class-validator gives its metadata ("ValidationTypes"). */
const CUSTOM = 'customValidation';
const NESTED = 'nestedValidation';
const CONDITIONAL = 'conditionalValidation';
const PROMISE = 'promiseValidation';
const DEFINED = 'isDefined';

/** @throws AsyncValidatorError when one of them cannot be checked at once */
export function rulesOf(
  type: { readonly name: string },
  storage: RuleStorage,
  { always = false, strictGroups = false, groups }: ValidationPipeOptions,
): RuleSet {
  const all = storage.getTargetValidationMetadatas(type, undefined, always, strictGroups, groups);
  const names = new Set(all.map(({ propertyName }) => propertyName));
  const properties = Array.from(names, (name) => {
    const own = all.filter(({ propertyName }) => propertyName === name);
    const isAsync = (metadata: RuleMetadata): boolean =>
      metadata.type === PROMISE || constraintsOf(metadata, storage).some(isAsyncConstraint);
    if (own.some(isAsync)) throw new AsyncValidatorError(type.name, name);
    return { name, className: type.name, ...propertyRules(own, storage) };
  });
  return { isEmpty: all.length === 0, names, properties };
}

function propertyRules(
  own: readonly RuleMetadata[],
  storage: RuleStorage,
): Omit<PropertyRules, 'name' | 'className'> {
  const having = (wanted: string): readonly RuleMetadata[] => own.filter(({ type }) => type === wanted);
  const checksOf = (wanted: string): readonly Rule[] =>
    having(wanted).flatMap((metadata) =>
      constraintsOf(metadata, storage).map((one) => ruleOf(metadata, one)),
    );
  return {
    conditions: having(CONDITIONAL).map(
      ({ constraints }) => constraints?.[0] as PropertyRules['conditions'][number],
    ),
    defined: checksOf(DEFINED),
    checks: checksOf(CUSTOM),
    isNested: having(NESTED).length > 0,
  };
}

function constraintsOf({ constraintCls }: RuleMetadata, storage: RuleStorage): readonly ConstraintMetadata[] {
  return constraintCls === undefined ? [] : storage.getTargetValidatorConstraints(constraintCls);
}

function ruleOf({ constraints, each, validateIf }: RuleMetadata, { instance }: ConstraintMetadata): Rule {
  return { constraint: instance, constraints, each: each === true, validateIf };
}

/** Said to be so, or an `async validate()` that nobody said it of. */
function isAsyncConstraint({ async: isSaid, instance }: ConstraintMetadata): boolean {
  return isSaid || types.isAsyncFunction(Reflect.get(instance, 'validate'));
}
