import { describe, expect, it } from 'vitest';
import { DEFAULT_LINK_OPTIONS, resolveLinkOptions } from '#link';
import { InvalidOptionError } from '#protocol';

describe('the options of a link', () => {
  it('have the defaults of the design', () => {
    expect(resolveLinkOptions()).toEqual(DEFAULT_LINK_OPTIONS);
    expect(DEFAULT_LINK_OPTIONS).toEqual({
      maxFrameBytes: 67_108_864,
      maxHandshakeFrameBytes: 4_096,
      frameTimeoutMs: 10_000,
      maxCarriedBytes: 268_435_456,
      handshakeTimeoutMs: 3_000,
      maxQueuedBytes: 67_108_864,
      highWaterMarkBytes: 16_777_216,
      pingIntervalMs: 0,
      silenceTimeoutMs: 0,
      keepAliveMs: 30_000,
      closeTimeoutMs: 1_000,
    });
  });

  it('refuse a name that none of them has, and say the nearest one', () => {
    expect(() => resolveLinkOptions(JSON.parse('{"maxQueueBytes": 1}'))).toThrow(
      new InvalidOptionError('link.maxQueueBytes', 'is not known. Did you mean "maxQueuedBytes"?'),
    );
  });

  it.each([
    ['maxFrameBytes', 8],
    ['maxFrameBytes', 2 ** 32],
    ['highWaterMarkBytes', 0],
    ['handshakeTimeoutMs', -1],
    ['frameTimeoutMs', 2 ** 31],
    ['maxCarriedBytes', -1],
    ['closeTimeoutMs', 0],
    ['silenceTimeoutMs', 1.5],
    ['keepAliveMs', Number.NaN],
  ])('refuse %s = %d', (name, value) => {
    expect(() => resolveLinkOptions({ [name]: value })).toThrow(InvalidOptionError);
    expect(() => resolveLinkOptions({ [name]: value })).toThrow(
      `Option "link.${name}" must be a whole number`,
    );
  });
});
