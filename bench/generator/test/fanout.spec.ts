import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { roomAnswer } from './servers.js';
import { runLoad } from './run-load.js';

const CLEAN = {
  lost: 0,
  duplicates: 0,
  out_of_order: 0,
  gaps: 0,
  corrupt: 0,
  other_frames: 0,
  window_stalls: 0,
};
const JOINED = ['--hello', 'J:g', '--prefix', 'B:'];
const AT_A_RATE = [...JOINED, '--subs', '3', '--rate', '100'];
const MARKED = /^SEQ=[0-9a-f]{8}/;

/** Does something else with the n-th delivery after the probes. */
function except(nth: number, otherwise: (member: WebSocket, text: string) => void) {
  let count = 0;
  return (member: WebSocket, text: string): void => {
    if (!text.startsWith('SEQ=ffffffff') && ++count === nth) otherwise(member, text);
    else member.send(text);
  };
}

describe('fan-out', () => {
  it('counts each publish once for every subscriber, and not for the publisher', async () => {
    const { server, figures, isComplete } = await runLoad(
      { answer: roomAnswer() },
      'fanout',
      ...JOINED,
      '--subs',
      '5',
      '--window',
      '4',
    );
    expect(isComplete).toBe(true);
    expect(figures).toMatchObject({
      ...CLEAN,
      subs: 5,
      opened: 5,
      subs_synced: 5,
      window: 4,
      publisher_received: 0,
      subs_at_end: 5,
    });
    const published =
      server.received.filter((text) => text.startsWith('B:')).length - (figures.probes as number);
    expect(published).toBeGreaterThan(4);
    expect(figures).toMatchObject({
      total_published: published,
      total_expected: published * 5,
      total_received: published * 5,
    });
    expect(figures.latency_p50_us).toBeLessThanOrEqual(figures.all_subs_latency_max_us as number);
  });

  it('finds broadcasts in whatever the server puts around them', async () => {
    const around = roomAnswer((member, text) => member.send(JSON.stringify({ event: 'm', data: text })));
    const { server, figures } = await runLoad(
      { answer: around },
      'fanout',
      ...JOINED,
      '--subs',
      '2',
      '--suffix',
      '!',
      '--verify-all',
    );
    expect(figures).toMatchObject({ ...CLEAN, subs_synced: 2 });
    expect(server.received.filter((text) => text.startsWith('B:')).every((text) => text.endsWith('!'))).toBe(
      true,
    );
  });

  it('publishes at a rate', async () => {
    const { server, figures } = await runLoad({ answer: roomAnswer() }, 'fanout', ...AT_A_RATE);
    expect(figures).toMatchObject({ ...CLEAN, target_rate: 100 });
    expect(figures.total_published).toBeGreaterThanOrEqual(18);
    expect(figures.total_published).toBeLessThanOrEqual(26);
    expect(server.received.filter((text) => MARKED.test(text.slice(2)))).toHaveLength(
      (figures.total_published as number) + (figures.probes as number),
    );
  });

  it.each([
    ['lost', except(10, () => undefined), { lost: 1, gaps: 1 }],
    [
      'doubled',
      except(10, (member, text) => [text, text].forEach((twice) => member.send(twice))),
      { duplicates: 1 },
    ],
    ['changed', except(10, (member, text) => member.send(`${text.slice(0, -1)}?`)), { corrupt: 1 }],
    ['no broadcast', except(10, (member) => member.send('nonsense')), { lost: 1, gaps: 1, other_frames: 1 }],
  ])('sees a delivery that is %s', async (_, deliver, expected) => {
    const { figures } = await runLoad(
      { answer: roomAnswer(deliver) },
      'fanout',
      ...AT_A_RATE,
      '--verify-all',
    );
    expect(figures).toMatchObject({ ...CLEAN, ...expected });
  });

  it('sees deliveries that overtake each other', async () => {
    const held = new Map<WebSocket, string>();
    const hold = except(10, (member, text) => void held.set(member, text));
    const deliver = (member: WebSocket, text: string): void => {
      const late = held.get(member);
      held.delete(member);
      hold(member, text);
      if (late !== undefined) member.send(late);
    };
    const { figures } = await runLoad({ answer: roomAnswer(deliver) }, 'fanout', ...AT_A_RATE);
    expect(figures).toMatchObject({ ...CLEAN, out_of_order: 1, gaps: 1 });
  });

  it('goes on after a second without progress when a window waits for a delivery that is lost', async () => {
    const answer = roomAnswer(except(10, () => undefined));
    const { figures } = await runLoad(
      { answer },
      'fanout',
      ...JOINED,
      '--subs',
      '3',
      '--window',
      '1',
      '--seconds',
      '1.5',
    );
    expect(figures).toMatchObject({ ...CLEAN, lost: 1, gaps: 1, window_stalls: 1 });
    expect(figures.total_published).toBeGreaterThan(5);
  });

  it('gives a publisher a greeting of its own', async () => {
    const { server } = await runLoad(
      { answer: roomAnswer() },
      'fanout',
      ...JOINED,
      '--pub-hello',
      'hello, I publish',
    );
    expect(server.received.filter((text) => text === 'hello, I publish')).toHaveLength(1);
    expect(server.received.filter((text) => text === 'J:g')).toHaveLength(1);
  });
});

describe('fairness', () => {
  it('echoes at its rate beside broadcasts at theirs', async () => {
    const args = ['--subs', '20', '--conns', '4', '--rate', '200', '--publish-rate', '50', '--suffix', '"}'];
    const talk = ['--hello', '{"J":"g"}', '--prefix', '{"d":"B:'];
    const members: WebSocket[] = [];
    const answer = (text: string, client: WebSocket): void => {
      if (text === '{"J":"g"}') members.push(client);
      else if (text.startsWith('{"d":"B:')) members.forEach((member) => member.send(text));
      else client.send(text);
    };
    const { server, figures, isComplete } = await runLoad({ answer }, 'fairness', ...args, ...talk);
    expect(isComplete).toBe(true);
    expect(figures).toMatchObject({ lost: 0, duplicates: 0, out_of_order: 0, corrupt: 0, other_frames: 0 });
    expect(figures).toMatchObject({
      broadcast_lost: 0,
      broadcast_out_of_order: 0,
      subs_synced: 20,
      publisher_received: 0,
    });
    const echoes = server.received.filter((text) => /^{"d":"[0-9a-f]{8}[g-y]+"}$/.test(text)).length;
    expect(figures).toMatchObject({ total_sent: echoes, total_received: echoes });
    expect(echoes).toBeGreaterThanOrEqual(36);
    expect(echoes).toBeLessThanOrEqual(60);
    expect(figures.broadcast_total_received).toBe((figures.total_published as number) * 20);
    expect(figures.rtt_p99_us).toBeGreaterThan(0);
  });
});
