import 'reflect-metadata';
import {
  BadRequestException,
  ConflictException,
  ValidationPipe,
  type ArgumentMetadata,
} from '@nestjs/common';
import * as classTransformer from 'class-transformer';
import * as classValidator from 'class-validator';
import {
  Allow,
  ArrayMinSize,
  IsArray,
  IsDefined,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Max,
  MinLength,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { describe, expect, it } from 'vitest';

import { SyncValidationPipe, type SyncValidationPipeOptions } from '../index.js';

const { Exclude, Expose, Transform, Type } = classTransformer;

class Place {
  @IsString()
  @MinLength(2)
  city!: string;

  @IsOptional()
  @IsInt({ message: 'zip of $target must be a number, not $value' })
  zip?: number;
}

class Order {
  @IsDefined()
  @IsString()
  id!: string;

  @ValidateNested()
  @Type(() => Place)
  to!: Place;

  @IsArray()
  @ArrayMinSize(1)
  @ValidateNested({ each: true })
  @Type(() => Place)
  stops!: Place[];

  @IsOptional({ always: true })
  @IsIn(['a', 'b'], { each: true, groups: ['strict'] })
  tags?: string[];

  @ValidateIf((order: Order) => order.id === 'express')
  @Max(10)
  weight?: number;

  @Allow()
  note?: unknown;
}

class Special extends Order {
  @IsInt()
  rank = 1;

  @Expose({ name: 'alias' })
  @IsOptional()
  @IsString()
  named?: string;

  @Exclude()
  secret?: string;

  @Transform(({ value }) => String(value).trim())
  @MinLength(1)
  trimmed!: string;
}

const madeOf = (): string => 'made';

class Flat {
  @IsString()
  city = 'nowhere';

  @IsOptional()
  @IsInt()
  zip?: number;

  /** One function for all, so that instances compare as equal. */
  made = madeOf;

  get upper(): string {
    return this.city.toUpperCase();
  }

  set lower(text: string) {
    this.city = text.toLowerCase();
  }

  method(): void {}
}

class Converted extends Flat {
  @Type(() => Number)
  @IsInt()
  size!: number;
}

class Unchecked {
  anything?: unknown;
}

const GOOD = {
  id: 'x',
  to: { city: 'Ulm', zip: 89073 },
  stops: [{ city: 'Bonn' }, { city: 'Kiel', extra: 1 }],
  note: { deep: [1, { is: 'kept' }] },
  extra: 'gone',
};
const body = (metatype: unknown, data?: string): ArgumentMetadata =>
  ({ type: 'body', metatype, data }) as ArgumentMetadata;

const VALUES: readonly (readonly [string, unknown])[] = [
  ['a good value', GOOD],
  ['a good subclass value', { ...GOOD, rank: 2, alias: 'n', secret: 's', trimmed: ' t ' }],
  ['nothing', undefined],
  ['null', null],
  ['an empty object', {}],
  ['an array', [GOOD]],
  ['an empty array', []],
  ['a string', 'text'],
  ['an empty string', ''],
  ['a number', 5],
  ['bytes', Buffer.from('ab')],
  ['a wrong nested value', { ...GOOD, to: { city: 'U', zip: 'z' } }],
  ['a nested null', { ...GOOD, to: null }],
  ['a nested string', { ...GOOD, to: 'Ulm' }],
  ['a nested array for an object', { ...GOOD, to: [{ city: 'Ulm' }] }],
  ['nested bytes', { ...GOOD, to: Buffer.from('ab') }],
  ['a wrong item', { ...GOOD, stops: [{ city: 'Bonn' }, { city: 1 }, 3, null, [{ city: 'x' }]] }],
  ['a list that is an object', { ...GOOD, stops: { city: 'Bonn' } }],
  ['a list with gaps', { ...GOOD, stops: [, { city: 'Bonn' }] }], // oxlint-disable-line no-sparse-arrays
  ['a condition that holds', { ...GOOD, id: 'express', weight: 11 }],
  ['a condition that does not', { ...GOOD, weight: 11 }],
  ['items out of the list', { ...GOOD, tags: ['a', 'c'] }],
  ['names of Object.prototype', JSON.parse('{"id":"x","toString":1,"valueOf":2,"__proto__":{"a":1}}')],
  [
    'a constructor',
    JSON.parse('{"id":"x","constructor":{"name":"y"},"to":{"constructor":"z","city":"Ulm"}}'),
  ],
];

const OPTIONS: readonly SyncValidationPipeOptions[] = [
  {},
  { transform: true },
  { whitelist: true },
  { transform: true, whitelist: true },
  { transform: true, whitelist: true, forbidNonWhitelisted: true },
  { transform: true, forbidUnknownValues: true },
  { transform: true, groups: ['strict'] },
  { transform: true, groups: ['strict'], always: true },
  { transform: true, strictGroups: true },
  { transform: true, skipMissingProperties: true },
  { transform: true, skipNullProperties: true, whitelist: true },
  { transform: true, skipUndefinedProperties: true },
  { stopAtFirstError: true },
  { dismissDefaultMessages: true },
  { disableErrorMessages: true },
  { errorFormat: 'grouped' },
  { maxErrorMessagesLength: 60 },
  { errorHttpStatusCode: 409 },
  { transform: true, transformOptions: { enableImplicitConversion: true } },
  { transform: true, transformOptions: { excludeExtraneousValues: true }, whitelist: true },
  { exceptionFactory: (errors) => new ConflictException(errors) },
  { expectedType: Place, transform: true },
];

/** What comes out, with its class, or the exception's body. */
async function outcome(run: () => unknown): Promise<unknown> {
  try {
    const value = await run();
    return { value, type: Object(value).constructor.name as string };
  } catch (error) {
    if (!(error instanceof BadRequestException) && !(error instanceof ConflictException)) throw error;
    return { status: error.getStatus(), body: error.getResponse() };
  }
}

describe.each(OPTIONS)('the synchronous pipe with %j', (options) => {
  it.each(VALUES)("gives what Nest's pipe gives for %s", async (_what, value) => {
    const stock = new ValidationPipe(options);
    const sync = new SyncValidationPipe(options);
    for (const type of [
      Order,
      Special,
      Flat,
      Converted,
      Unchecked,
      Place,
      Object,
      String,
      Number,
      undefined,
    ]) {
      const metadata = body(type, 'name');
      const expected = await outcome(() => stock.transform(structured(value), metadata));
      expect(await outcome(() => sync.transform(structured(value), metadata))).toEqual(expected);
      expect(await outcome(() => sync.transform(structured(value), metadata))).toEqual(expected);
    }
  });
});

/** A copy of its own: validation may change what it is given. */
function structured(value: unknown): unknown {
  return Buffer.isBuffer(value) ? Buffer.from(value) : copyOf(value);
}

function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  const copy = {};
  for (const [name, field] of Object.entries(value)) {
    Object.defineProperty(copy, name, {
      value: copyOf(field),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return copy;
}

describe('the synchronous pipe', () => {
  const pipe = new SyncValidationPipe({ transform: true, whitelist: true });

  it('gives the value itself, not a promise', () => {
    const value = pipe.transform({ city: 'Ulm', extra: 1 }, body(Place));
    expect(value).toEqual({ city: 'Ulm' });
    expect(value).toBeInstanceOf(Place);
  });

  it('names what is wrong in nested lists by its path', () => {
    expect(() =>
      pipe.transform({ ...GOOD, stops: [{ city: 'Bonn' }, { city: 'B', zip: 'z' }] }, body(Order)),
    ).toThrow(
      expect.objectContaining({
        response: {
          statusCode: 400,
          error: 'Bad Request',
          message: [
            'stops.1.city must be longer than or equal to 2 characters',
            'stops.1.zip of Place must be a number, not z',
          ],
        },
      }),
    );
  });

  it('leaves alone what custom decorators give, unless it is told to', () => {
    const metadata = { type: 'custom', metatype: Place } as const;
    expect(pipe.transform({ city: 1 }, metadata)).toEqual({ city: 1 });
    const strict = new SyncValidationPipe({ validateCustomDecorators: true });
    expect(() => strict.transform({ city: 1 }, metadata)).toThrow(BadRequestException);
  });

  it('waits for an exception factory that gives a promise', async () => {
    const late = new SyncValidationPipe({ exceptionFactory: async () => new ConflictException('late') });
    await expect(late.transform({}, body(Place))).rejects.toThrow(ConflictException);
  });

  it('uses the packages that it is given', () => {
    const calls: string[] = [];
    const forked = new SyncValidationPipe({
      validatorPackage: {
        ...(classValidator as unknown as NonNullable<SyncValidationPipeOptions['validatorPackage']>),
        validateSync: (target) => {
          calls.push('validateSync');
          return classValidator.validateSync(target);
        },
      },
      transformerPackage: {
        ...classTransformer,
        plainToInstance: (type, value) => {
          calls.push('plainToInstance');
          return classTransformer.plainToInstance(type, value as object);
        },
      },
    });
    expect(() => forked.transform({ city: 1 }, body(Place))).toThrow(BadRequestException);
    expect(calls).toEqual(['plainToInstance', 'validateSync']);
  });
});
