import type { ValidationPipeOptions } from '@nestjs/common';

import { isThenable } from '../compile/pending.js';
import { AsyncValidatorError } from '../errors.js';
import { NO_RULES, rulesOf, type PropertyRules, type Rule, type RuleSet } from './class-rules.js';
import type { RuleStorage } from './validation-packages.js';

type Fields = Record<string, unknown>;

/** What checks are told besides the value. */
interface CheckArguments {
  readonly targetName: string;
  readonly property: string;
  readonly object: object;
  readonly value: unknown;
  readonly constraints: readonly unknown[] | undefined;
}

/**
 * Says of what is right that it is right, as class-validator's `validateSync` does but with each class's metadata looked up
 * once; what it does not accept is for `validateSync`, which says what is wrong. Unlike that, it refuses to go on where a
 * check gives a promise, which would count as passed.
 */
export class QuickValidation {
  readonly #storage: RuleStorage;
  readonly #options: ValidationPipeOptions;
  readonly #rules = new WeakMap<object, RuleSet>();

  constructor(storage: RuleStorage, options: ValidationPipeOptions) {
    this.#storage = storage;
    this.#options = options;
  }

  /** Whether any decorator of the class applies with these options. */
  hasRules(type: unknown): boolean {
    return !this.#rulesOf(type).isEmpty;
  }

  /**
   * Takes away what the whitelist does not name, and looks at the rest up to the first thing that is wrong.
   * @throws AsyncValidatorError for a class with a check that cannot be made at once
   */
  accepts(target: object): boolean {
    const rules = this.#rulesOf(target.constructor);
    if (rules.isEmpty && this.#options.forbidUnknownValues !== false) return false;
    const fields = target as Fields;
    if (this.#options.whitelist === true && !this.#strip(fields, rules.names)) return false;
    for (const property of rules.properties) {
      if (!this.#isRight(fields, property)) return false;
    }
    return true;
  }

  #rulesOf(type: unknown): RuleSet {
    // An own property of the value that is called so, such as a client may send in a nested object.
    if (typeof type !== 'function') return NO_RULES;
    let rules = this.#rules.get(type);
    if (rules === undefined) this.#rules.set(type, (rules = rulesOf(type, this.#storage, this.#options)));
    return rules;
  }

  #strip(fields: Fields, names: ReadonlySet<string>): boolean {
    for (const name of Object.keys(fields)) {
      // The class as it stands for what is no instance: see `ImmediateValidation`.
      if (names.has(name) || name === 'constructor') continue;
      if (this.#options.forbidNonWhitelisted === true) return false;
      delete fields[name];
    }
    return true;
  }

  #isRight(fields: Fields, property: PropertyRules): boolean {
    const value = fields[property.name];
    let applies = true;
    // All are asked, whatever the first says, as class-validator does.
    for (const condition of property.conditions) applies = condition(fields, value) && applies;
    if (!applies) return true;
    if (!passes(property.defined, fields, value, property)) return false;
    if (this.#isSkipped(value)) return true;
    if (!passes(property.checks, fields, value, property)) return false;
    return !property.isNested || this.#isNestedRight(value);
  }

  #isSkipped(value: unknown): boolean {
    const { skipMissingProperties, skipUndefinedProperties, skipNullProperties } = this.#options;
    if (value === undefined) return skipUndefinedProperties === true || skipMissingProperties === true;
    return value === null && (skipNullProperties === true || skipMissingProperties === true);
  }

  #isNestedRight(value: unknown): boolean {
    if (value === undefined) return true;
    const items = itemsOf(value);
    if (items !== undefined) {
      return items.every((item) => this.#isSkipped(item) || this.#isNestedRight(item));
    }
    // Bytes have no properties to look at: Nest has an error of its own for them.
    if (!(value instanceof Object) || ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return false;
    return this.accepts(value);
  }
}

function passes(
  rules: readonly Rule[],
  object: Fields,
  value: unknown,
  { name: property, className: targetName }: PropertyRules,
): boolean {
  for (const { constraint, constraints, each, validateIf } of rules) {
    if (validateIf !== undefined && !validateIf(object, value)) continue;
    const args: CheckArguments = { targetName, property, object, value, constraints };
    const items = each ? itemsOf(value) : undefined;
    if (items === undefined) {
      if (!isYes(constraint.validate(value, args), args)) return false;
    } else if (!items.every((item) => isYes(constraint.validate(item, args), args))) {
      return false;
    }
  }
  return true;
}

function isYes(verdict: unknown, { targetName, property }: CheckArguments): boolean {
  if (verdict === true) return true;
  if (!isThenable(verdict)) return Boolean(verdict);
  // The one error that is told is that it is a promise at all: what becomes of it changes nothing.
  void verdict.then(undefined, () => undefined);
  throw new AsyncValidatorError(targetName, property);
}

function itemsOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (value instanceof Set) return Array.from(value);
  return value instanceof Map ? Array.from(value.values()) : undefined;
}
