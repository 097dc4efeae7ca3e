import 'reflect-metadata';
import {
  ParseIntPipe,
  ValidationPipe,
  type ArgumentMetadata,
  type ValidationPipeOptions,
} from '@nestjs/common';
import { Type } from 'class-transformer';
import {
  IsInt,
  IsString,
  MaxLength,
  Validate,
  ValidateNested,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { describe, expect, it, vi } from 'vitest';

import { isThenable } from '../compile/pending.js';
import { DirectStockPipe } from './direct-stock-pipe.js';

class Place {
  @IsInt() x!: number;
}

class Say {
  @IsString() @MaxLength(5) text!: string;
  @ValidateNested() @Type(() => Place) place?: Place;
}

@ValidatorConstraint({ async: true })
class Later implements ValidatorConstraintInterface {
  validate(value: unknown): Promise<boolean> {
    return Promise.resolve(value === 'right');
  }
}

class Waits {
  @Validate(Later) text!: string;
}

function argument(metatype: ArgumentMetadata['metatype']): ArgumentMetadata {
  return { type: 'body', metatype, data: undefined };
}

/** What comes out, or the response of what is thrown. */
async function outcome(transform: () => unknown): Promise<unknown> {
  try {
    return { result: await transform() };
  } catch (error) {
    return { refused: (error as { getResponse?: () => unknown }).getResponse?.() ?? error };
  }
}

const OPTIONS: readonly ValidationPipeOptions[] = [
  {},
  { transform: true },
  { whitelist: true },
  { transform: true, whitelist: true, forbidNonWhitelisted: true },
  { disableErrorMessages: true },
  { errorHttpStatusCode: 422 },
  { expectedType: Say },
  { exceptionFactory: (errors) => new Error(`${errors.length} wrong`) },
];
const VALUES: readonly unknown[] = [
  { text: 'hi' },
  { text: 'too long' },
  { text: 'hi', more: 1 },
  { text: 'hi', place: { x: 1 } },
  { text: 'hi', place: { x: 'y' } },
  {},
  [],
  'text',
  7,
  null,
  undefined,
];

describe('a stock ValidationPipe in a handler', () => {
  it.each(OPTIONS)('gives the same results and errors at once, with %o', async (options) => {
    const stock = new ValidationPipe(options);
    const direct = DirectStockPipe.of(stock);
    expect(direct).toBeInstanceOf(DirectStockPipe);
    for (const value of VALUES) {
      const copy = (): unknown => structuredClone(value);
      const [ours, theirs] = await Promise.all([
        outcome(() => direct.transform(copy(), argument(Say))),
        outcome(() => stock.transform(copy(), argument(Say))),
      ]);
      expect(ours).toEqual(theirs);
    }
  });

  it('makes no promise', () => {
    const direct = DirectStockPipe.of(new ValidationPipe({ transform: true }));
    const result: unknown = direct.transform({ text: 'hi' }, argument(Say));
    expect(isThenable(result)).toBe(false);
    expect(result).toBeInstanceOf(Say);
  });

  it('waits for an asynchronous validator, which is then asked once a message', async () => {
    const stock = new ValidationPipe();
    const direct = DirectStockPipe.of(stock);
    const validate = vi.spyOn(Later.prototype, 'validate');
    for (let i = 0; i < 2; i++) {
      await expect(direct.transform({ text: 'right' }, argument(Waits))).resolves.toEqual({ text: 'right' });
    }
    await expect(direct.transform({ text: 'wrong' }, argument(Waits))).rejects.toThrow(
      'Bad Request Exception',
    );
    expect(validate).toHaveBeenCalledTimes(3);
    validate.mockRestore();
  });

  it('does itself what is not validated by class-validator: a class without rules, a primitive', async () => {
    class Bare {}
    const direct = DirectStockPipe.of(new ValidationPipe({ transform: true }));
    expect(await direct.transform({ a: 1 }, argument(Bare))).toBeInstanceOf(Bare);
    expect(await direct.transform('7', { ...argument(Number), type: 'param', data: 'n' })).toBe(7);
    expect(await direct.transform({ a: 1 }, argument(undefined))).toEqual({ a: 1 });
  });

  it('is left alone when it is anything else: a class of its own, another pipe', () => {
    class Own extends ValidationPipe {}
    for (const pipe of [new Own(), new ParseIntPipe()]) expect(DirectStockPipe.of(pipe)).toBe(pipe);
  });
});
