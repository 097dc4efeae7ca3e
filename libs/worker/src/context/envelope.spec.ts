import { describe, expect, it } from 'vitest';

import { parseEnvelope } from './envelope.js';

describe('an envelope', () => {
  it.each([
    ['{"event":"a"}', { event: 'a', data: undefined, id: undefined }],
    [' \n{"id":1,"data":[],"event":"a"}', { event: 'a', data: [], id: 1 }],
    ['{"event":"","id":"x"}', { event: '', data: undefined, id: 'x' }],
    ['{"event":"a","id":null,"other":1}', { event: 'a', data: undefined, id: undefined }],
    ['{"event":"a","id":-1.5}', { event: 'a', data: undefined, id: -1.5 }],
  ])('is %s', (text, envelope) => {
    expect(parseEnvelope(text)).toEqual(envelope);
  });

  it.each([
    ['', undefined],
    ['x{"event":"a"}', undefined],
    ['[{"event":"a"}]', undefined],
    ['{"event":"a"', undefined],
    ['{"event":"a","id":[]}', undefined],
    ['{"id":"x"}', 'x'],
    ['{"event":null,"id":0}', 0],
  ])('is not %j, whose id is %j', (text, id) => {
    expect(parseEnvelope(text)).toEqual({ event: undefined, id });
  });
});
