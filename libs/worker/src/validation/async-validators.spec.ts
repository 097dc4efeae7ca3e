import 'reflect-metadata';
import type { ArgumentMetadata } from '@nestjs/common';
import { Type } from 'class-transformer';
import {
  IsString,
  Validate,
  ValidateBy,
  ValidateNested,
  ValidatePromise,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { describe, expect, it } from 'vitest';

import { AsyncValidatorError, SyncValidationPipe } from '../index.js';

@ValidatorConstraint({ async: true })
class SaidToBeAsync implements ValidatorConstraintInterface {
  async validate(): Promise<boolean> {
    return false;
  }
}

@ValidatorConstraint()
class NotSaidToBeAsync implements ValidatorConstraintInterface {
  async validate(): Promise<boolean> {
    return false;
  }
}

class BySaying {
  @Validate(SaidToBeAsync)
  name!: string;
}

class ByAsyncMethod {
  @Validate(NotSaidToBeAsync)
  name!: string;
}

class ByResult {
  @ValidateBy({
    name: 'isFree',
    validator: { validate: () => Promise.reject(new Error('no database')) },
  })
  name!: string;
}

class ByItem {
  @ValidateBy({ name: 'isFree', validator: { validate: () => Promise.resolve(false) } }, { each: true })
  name!: string[];
}

class ByPromise {
  @ValidatePromise()
  @IsString()
  name!: string;
}

class InGroup {
  @Validate(SaidToBeAsync, { groups: ['slow'] })
  name!: string;
}

class Child extends BySaying {}

class Parent {
  @ValidateNested()
  @Type(() => BySaying)
  child!: BySaying;
}

const body = (metatype: ArgumentMetadata['metatype']): ArgumentMetadata => ({ type: 'body', metatype });

describe('an asynchronous validator', () => {
  const pipe = new SyncValidationPipe({ transform: true });

  it.each([
    ['that says so', BySaying, { name: 'x' }, 'BySaying.name'],
    ['with an async method', ByAsyncMethod, { name: 'x' }, 'ByAsyncMethod.name'],
    ['that gives a promise', ByResult, { name: 'x' }, 'ByResult.name'],
    ['that gives a promise for an item', ByItem, { name: ['x'] }, 'ByItem.name'],
    ['for a promise', ByPromise, { name: 'x' }, 'ByPromise.name'],
    ['that is inherited', Child, { name: 'x' }, 'Child.name'],
    ['in a nested object', Parent, { child: { name: 'x' } }, 'BySaying.name'],
  ])('%s is refused instead of passed over', (_how, type, value, where) => {
    for (let time = 0; time < 2; time++) {
      const refused = (): unknown => pipe.transform(value, body(type));
      expect(refused).toThrow(AsyncValidatorError);
      expect(refused).toThrow(
        expect.objectContaining({
          code: 'ERR_NESTWIRE_ASYNC_VALIDATOR',
          message:
            `${where} has an asynchronous validator, which SyncValidationPipe cannot wait for. ` +
            "Use Nest's ValidationPipe for this handler, or check it in the handler.",
        }),
      );
    }
  });

  it('is no obstacle in a group that is not validated', () => {
    const fast = new SyncValidationPipe({ groups: ['fast'] });
    expect(fast.transform({ name: 'x' }, body(InGroup))).toEqual({ name: 'x' });
    const slow = new SyncValidationPipe({ groups: ['slow'] });
    expect(() => slow.transform({ name: 'x' }, body(InGroup))).toThrow(AsyncValidatorError);
  });
});
