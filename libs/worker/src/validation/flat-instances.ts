import type { Type } from '@nestjs/common';

import type { TransformRules } from './validation-packages.js';

type Fields = Record<string, unknown>;

/** Keys of a class that are remembered. Clients choose them: it must not be without end. */
const MAX_KEYS = 64;
/** What class-transformer calls the way from plain values to instances ("TransformationType"). */
const PLAIN_TO_CLASS = 0;

/**
 * Makes instances of what most messages are: objects of primitive values, for a class without decorators of class-transformer on
 * those. For them class-transformer does nothing but copy, and takes longer over it than all the rest takes.
 */
export class FlatInstances {
  readonly #rules: TransformRules;
  /** By class the keys that are copied as they are; undefined for a class that is not for us. */
  readonly #keys = new WeakMap<Type<unknown>, Set<string> | undefined>();

  constructor(rules: TransformRules) {
    this.#rules = rules;
  }

  /** Undefined when it takes more than copying; the value is as it was then. */
  make(type: Type<unknown>, value: unknown): object | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    if (Object.getPrototypeOf(value) !== Object.prototype) return undefined;
    const known = this.#keysOf(type);
    if (known === undefined) return undefined;
    const fields = value as Fields;
    const keys = Object.keys(fields);
    for (const key of keys) {
      const field = fields[key];
      if ((typeof field === 'object' && field !== null) || typeof field === 'function') return undefined;
      if (!known.has(key) && !this.#learn(type, known, key)) return undefined;
    }
    const instance = new type() as Fields;
    for (const key of keys) {
      // Neither does class-transformer replace a method that the constructor has set.
      if (typeof instance[key] !== 'function') instance[key] = fields[key];
    }
    return instance;
  }

  #keysOf(type: Type<unknown>): Set<string> | undefined {
    if (this.#keys.has(type)) return this.#keys.get(type);
    const keys = this.#isPlain(type) ? new Set<string>() : undefined;
    this.#keys.set(type, keys);
    return keys;
  }

  #isPlain(type: Type<unknown>): boolean {
    const rules = this.#rules;
    return (
      typeof type === 'function' &&
      (type.prototype as object | undefined)?.constructor === type &&
      rules.getStrategy(type) === 'none' &&
      rules.getExposedMetadatas(type).length === 0 &&
      rules.getExcludedMetadatas(type).length === 0
    );
  }

  #learn(type: Type<unknown>, known: Set<string>, key: string): boolean {
    const isPlain =
      known.size < MAX_KEYS &&
      // Accessors, methods, and `constructor` and `__proto__`, which are to be taken away.
      !(key in (type.prototype as object)) &&
      key !== 'prototype' &&
      this.#rules.findTypeMetadata(type, key) === undefined &&
      this.#rules.findTransformMetadatas(type, key, PLAIN_TO_CLASS).length === 0;
    if (isPlain) known.add(key);
    return isPlain;
  }
}
