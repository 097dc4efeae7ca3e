import { describe, expect, it, onTestFinished } from 'vitest';
import {
  Dialer,
  dialerHandshake,
  HandshakeRefusedError,
  isNoSecret,
  resolveLinkOptions,
  secretOption,
  secretsOf,
} from '#link';
import type { NodeAddress } from '#protocol';
import {
  DIALER_TERMS,
  dialWithHandshake,
  HandshakeRecorder,
  listenForHandshakes,
} from '../../../../test/links/handshake-kit.js';
import { until } from '../../../../test/links/link-kit.js';

function keepDialing(address: NodeAddress, secrets: readonly string[]): HandshakeRecorder {
  const recorder = new HandshakeRecorder();
  const handler = dialerHandshake({ ...DIALER_TERMS, secrets }, recorder);
  const dialer = new Dialer(address, resolveLinkOptions(), handler, { minDelayMs: 1, maxDelayMs: 5 });
  onTestFinished(() => dialer.stop());
  dialer.start();
  return recorder;
}

describe('several secrets', () => {
  it.each([
    [['old'], ['old', 'new'], 0],
    [['old'], ['new', 'old'], 0],
    [['new', 'old'], ['old', 'new'], 0],
    [['new', 'old'], ['new'], 0],
    [['old', 'new'], ['new'], 1],
    [['new', 'old'], ['old'], 1],
    [['a', 'b', 'c'], ['c'], 2],
  ])(
    'a dialer of %j gets through to a listener of %j after %i refusals',
    async (dialing, listening, refusals) => {
      const listener = await listenForHandshakes({ secrets: listening });
      const recorder = keepDialing(listener.address, dialing);
      await recorder.peer();
      expect(recorder.reasons).toHaveLength(refusals);
      for (const reason of recorder.reasons) expect(reason).toMatchObject({ refusal: 'unproven' });
    },
  );

  it('do not help when none of them is known there, and each is tried again and again', async () => {
    const listener = await listenForHandshakes({ secrets: ['x'] });
    const recorder = keepDialing(listener.address, ['a', 'b']);
    await recorder.closing(4);
    expect(recorder.reasons.every((reason) => reason instanceof HandshakeRefusedError)).toBe(true);
    expect(recorder.peers).toEqual([]);
  });

  it('are dialled with the one that was right last, as long as it is', async () => {
    const listener = await listenForHandshakes({ secrets: ['b'] });
    const recorder = keepDialing(listener.address, ['a', 'b']);
    await recorder.peer();
    listener.recorder.links.at(-1)!.destroy();
    await recorder.peer(1);
    expect(recorder.reasons.filter((reason) => reason instanceof HandshakeRefusedError)).toHaveLength(1);
  });

  it('are changed node by node, in either order, while every dial gets through', async () => {
    const steps = [['old'], ['old', 'new'], ['new', 'old'], ['new']];
    // Neighbouring steps run side by side, whoever takes the step first.
    for (let step = 0; step + 1 < steps.length; step++) {
      const [before, after] = [steps[step]!, steps[step + 1]!];
      for (const [dialing, listening] of [
        [before, after],
        [after, before],
      ] as const) {
        const listener = await listenForHandshakes({ secrets: listening });
        await keepDialing(listener.address, dialing).peer();
      }
    }
  });

  it('are not all given away: a listener proves itself with the one that matched', async () => {
    const listener = await listenForHandshakes({ secrets: ['other', 's3cret'] });
    await dialWithHandshake(listener.address).recorder.peer();
    await until(() => listener.recorder.peers.length === 1, 'the dialer is welcome');
  });
});

describe('the option', () => {
  it.each(['one', '', ['one'], ['new', 'old'], ['x'.repeat(4_000)]])('takes %j', (secret) => {
    expect(secretOption(secret)).toBeUndefined();
  });

  it.each([
    [
      undefined,
      'must be a string, the same one on every node, or a list of such strings while it is being changed.',
    ],
    [
      [],
      'must be a string, the same one on every node, or a list of such strings while it is being changed.',
    ],
    [
      ['a', 5],
      'must be a string, the same one on every node, or a list of such strings while it is being changed.',
    ],
    [['a', ''], 'must not have an empty string in a list of several.'],
    [['a', 'a'], 'must not have the same string twice.'],
    ['abcdefghi'.split(''), 'must be at most 8 strings, not 9.'],
    ['ü'.repeat(2_001), 'must be at most 4000 bytes long, and this one has 4002.'],
  ])('refuses %j', (secret, problem) => {
    expect(secretOption(secret)).toBe(problem);
  });

  it('is a list in any case, which keeps nobody out when it is empty text', () => {
    expect(secretsOf('one')).toEqual(['one']);
    expect(secretsOf(['new', 'old'])).toEqual(['new', 'old']);
    expect([isNoSecret(''), isNoSecret(['']), isNoSecret('a'), isNoSecret(['a', 'b'])]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
