import { describe, expect, it } from 'vitest';
import { InvalidArgumentError, byteStringFromText, type ByteString } from '#protocol';
import { PartialResultError } from './errors.js';
import { gateway, linkedTo, rejection, twoGateways } from './test/pool-kit.js';
import { SILENCE } from './test/scripted-gateway.js';

const names = (...list: string[]): ByteString[] => list.map(byteStringFromText);

describe('counting over all gateways', () => {
  it('adds clients up', async () => {
    const [a, b] = await twoGateways(
      { getClientCount: () => 3, getClientCountByGroup: () => 2, getClientCountByUid: () => 1 },
      { getClientCount: () => 4, getClientCountByGroup: () => 0, getClientCountByUid: () => 5 },
    );
    const { api } = await linkedTo([a, b]);
    expect(await api.getClientCount()).toBe(7);
    expect(await api.getClientCountByGroup('房间')).toBe(2);
    expect(await api.getClientCountByUid('u')).toBe(6);
    expect(a.of('getClientCountByGroup')[0]?.hex).toBe('05e688bfe997b4');
  });

  it('is 0 where there is no gateway at all', async () => {
    const { api } = await linkedTo([]);
    expect(await api.getClientCount()).toBe(0);
    expect(await api.getUidCount()).toBe(0);
    expect(await api.getUidCount({ sample: true })).toBe(0);
    expect(await api.isUidOnline('u')).toBe(false);
  });

  it('names the gateway that did not answer, and has what the others said', async () => {
    const [a, b] = await twoGateways({ getClientCount: () => 3 }, { getClientCount: () => SILENCE });
    const { api } = await linkedTo([a, b], { questionTimeoutMs: 50 });
    const error = await rejection(api.getClientCount());
    expect(error).toBeInstanceOf(PartialResultError);
    expect(error).toMatchObject({
      code: 'ERR_NESTWIRE_PARTIAL_RESULT',
      partial: 3,
      missing: [b.address],
      causes: [{ code: 'ERR_NESTWIRE_QUESTION_TIMEOUT', gateway: b.address }],
    });
  });

  it('counts a uid once that is on several gateways', async () => {
    const [a, b] = await twoGateways(
      { getUidList: () => names('x', 'y'), getUidListByGroup: () => names('x', 'é') },
      { getUidList: () => names('y', 'z'), getUidListByGroup: () => names('é') },
    );
    const { api } = await linkedTo([a, b]);
    expect(await api.getUidCount()).toBe(3);
    expect(await api.getUidCountByGroup('g')).toBe(2);
  });

  it('lets a single gateway count its uids itself', async () => {
    const only = await gateway({ getUidCount: () => ({ count: 12, sample: [] }) });
    const { api } = await linkedTo([only]);
    expect(await api.getUidCount()).toBe(12);
    expect(only.received.map(({ hex }) => hex)).toEqual(['0d00']);
  });

  it('estimates uids by the share that it is told, or by samples', async () => {
    const [a, b] = await twoGateways(
      { getUidCount: ({ sample }) => ({ count: 600, sample: sample ? names('1', '2', '3') : [] }) },
      { getUidCount: ({ sample }) => ({ count: 400, sample: sample ? names('3') : [] }) },
    );
    const { api } = await linkedTo([a, b]);
    expect(await api.getUidCount({ sample: 0.8 })).toBe(800);
    expect(await api.getUidCount({ sample: true })).toBe(750);
    expect(a.received.map(({ hex }) => hex)).toEqual(['0d00', '0d01']);
  });

  it.each([0, -0.1, 1.1, Number.NaN])('refuses %s as a share', async (sample) => {
    const { api } = await linkedTo([]);
    await expect(api.getUidCount({ sample })).rejects.toBeInstanceOf(InvalidArgumentError);
  });
});

describe('isUidOnline', () => {
  it('is true as soon as one gateway says so, however long another takes', async () => {
    const [a, b] = await twoGateways(
      { getClientListByUid: () => SILENCE },
      { getClientListByUid: () => [1] },
    );
    const { api } = await linkedTo([a, b], { questionTimeoutMs: 60_000 });
    expect(await api.isUidOnline('u')).toBe(true);
  });

  it('is false only when every gateway has answered', async () => {
    const [a, b] = await twoGateways({ getClientListByUid: () => [] }, { getClientListByUid: () => SILENCE });
    const { api } = await linkedTo([a, b], { questionTimeoutMs: 50 });
    expect(await rejection(api.isUidOnline('u'))).toMatchObject({
      code: 'ERR_NESTWIRE_PARTIAL_RESULT',
      partial: false,
      missing: [b.address],
    });
  });

  it('comes after what was called before it', async () => {
    const [a, b] = await twoGateways({ getClientListByUid: () => [1] }, { getClientListByUid: () => [] });
    const { api } = await linkedTo([a, b]);
    api.bindUid(`${a.key}00000001`, 'u');
    expect(await api.isUidOnline('u')).toBe(true);
    expect(a.names).toEqual(['bindUid', 'getClientListByUid']);
  });
});
