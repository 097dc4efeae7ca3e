import { createRequire } from 'node:module';

import { describe, expect, it } from 'vitest';

import { SyncValidationPipe, type SyncValidationPipeOptions } from '../index.js';
import { loadTransformer, loadValidator } from './validation-packages.js';

describe('the options of the synchronous pipe', () => {
  it.each([
    [{ whiteList: true }, 'Option "SyncValidationPipe.whiteList" is not known. Did you mean "whitelist"?'],
    [{ whitelist: 'yes' }, 'Option "SyncValidationPipe.whitelist" must be true or false, not "yes".'],
    [{ groups: 'a' }, 'Option "SyncValidationPipe.groups" must be a list of names such as [\'create\'].'],
    [
      { errorFormat: 'tree' },
      'Option "SyncValidationPipe.errorFormat" must be "list" or "grouped", not "tree".',
    ],
    [
      { errorHttpStatusCode: 200 },
      'Option "SyncValidationPipe.errorHttpStatusCode" must be a whole number from 400 to 599, not 200.',
    ],
    [{ exceptionFactory: 1 }, 'Option "SyncValidationPipe.exceptionFactory" must be a function.'],
    [{ transformOptions: 1 }, 'Option "SyncValidationPipe.transformOptions" must be an object of options.'],
    [
      { maxErrorMessagesLength: Number.NaN },
      'Option "SyncValidationPipe.maxErrorMessagesLength" must be a number of characters, or Infinity.',
    ],
    [
      { validatorPackage: { validate() {} } },
      'Option "SyncValidationPipe.validatorPackage" must be a package like class-validator: with validate, validateSync, getMetadataStorage.',
    ],
  ])('refuse %j and say what to write', (options, message) => {
    expect(() => new SyncValidationPipe(options as SyncValidationPipeOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_NESTWIRE_INVALID_OPTION', message }),
    );
  });

  it('may be given as undefined', () => {
    const options: Record<string, unknown> = { whitelist: undefined, groups: undefined };
    expect(() => new SyncValidationPipe(options)).not.toThrow();
  });
});

describe('a package that is not installed', () => {
  const elsewhere = createRequire('/nowhere/at-all.js');

  it.each([
    ['class-validator', loadValidator],
    ['class-transformer', loadTransformer],
  ])('%s is named, with what to install', (packageName, load) => {
    expect(() => load(elsewhere)).toThrow(
      expect.objectContaining({
        code: 'ERR_NESTWIRE_MISSING_PACKAGE',
        packageName,
        message: `SyncValidationPipe needs the package "${packageName}": npm install class-validator class-transformer`,
        cause: expect.objectContaining({ code: 'MODULE_NOT_FOUND' }) as unknown,
      }),
    );
  });
});
