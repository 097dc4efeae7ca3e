import { describe, expect, it, vi } from 'vitest';
import { echoAnswer, type Answer } from './servers.js';
import { runLoad } from './run-load.js';

const CLEAN = {
  lost: 0,
  duplicates: 0,
  out_of_order: 0,
  len_mismatch: 0,
  corrupt: 0,
  other_frames: 0,
  protocol_errors: 0,
  resets: 0,
  closed_by_server: 0,
};

/** Does something else with the n-th message. */
function except(nth: number, otherwise: Answer): Answer {
  let count = 0;
  return (text, client, isBinary) => (++count === nth ? otherwise : echoAnswer)(text, client, isBinary);
}

describe('echo', () => {
  it('counts as many messages as the server got, and as many answers', async () => {
    const { server, figures, isComplete } = await runLoad(
      { answer: echoAnswer },
      'echo',
      '--conns',
      '3',
      '--inflight',
      '4',
    );
    expect(isComplete).toBe(true);
    expect(figures).toMatchObject({ mode: 'echo', transport: 'ws-text', conns: 3, opened: 3, ...CLEAN });
    expect(figures.total_sent).toBe(server.received.length);
    expect(figures.total_received).toBe(server.received.length);
    expect(figures.round_trips).toBeGreaterThan(12);
    expect(figures.round_trips).toBeLessThanOrEqual(server.received.length);
    expect(figures.rtt_p50_us).toBeGreaterThan(0);
    expect(figures.rtt_p99_us).toBeLessThanOrEqual(figures.rtt_max_us as number);
    await vi.waitFor(() => expect([...server.closes]).toEqual([[1000, 3]]));
  });

  it('sends text of the size it was told, with prefix and suffix, and numbers that are all different', async () => {
    const args = ['--size', '20', '--prefix', '{"d":"', '--suffix', '"}'];
    const { server, figures } = await runLoad({ answer: echoAnswer }, 'echo', ...args);
    expect(figures).toMatchObject({ ...CLEAN, size: 20 });
    expect(server.received.every((text) => /^{"d":"[0-9a-f]{8}ghijklmnopqr"}$/.test(text))).toBe(true);
    expect(new Set(server.received).size).toBe(server.received.length);
  });

  it.each([200, 70_000])('carries binary messages of %i bytes', async (size) => {
    const { server, figures } = await runLoad(
      { answer: echoAnswer },
      'echo',
      '--binary',
      '--size',
      String(size),
      '--verify-all',
    );
    expect(figures).toMatchObject({ ...CLEAN, transport: 'ws-binary' });
    expect(server.received[0]).toHaveLength(size);
  });

  it('takes more messages under way than fit into what it writes at once', async () => {
    const { server, figures } = await runLoad(
      { answer: echoAnswer },
      'echo',
      '--inflight',
      '40',
      '--size',
      '16384',
    );
    expect(figures).toMatchObject(CLEAN);
    expect(figures.total_received).toBe(server.received.length);
  });

  it('keeps a rate, whatever the server does', async () => {
    const { figures } = await runLoad(
      { answer: echoAnswer },
      'echo',
      '--conns',
      '2',
      '--inflight',
      '8',
      '--rate',
      '500',
    );
    expect(figures).toMatchObject({ ...CLEAN, target_rate: 500 });
    expect(figures.total_sent).toBeGreaterThanOrEqual(90);
    expect(figures.total_sent).toBeLessThanOrEqual(130);
  });

  it('counts latency from when a message was due: a server that stands still shows in those that wait', async () => {
    const stand = 60;
    const answer = except(10, (text, client) => {
      const endMs = performance.now() + stand;
      while (performance.now() < endMs);
      client.send(text);
    });
    const { figures } = await runLoad({ answer }, 'echo', '--inflight', '64', '--rate', '1000');
    // About 60 of 200 messages were due while it stood still.
    expect(figures.rtt_p90_us).toBeGreaterThan(15_000);
    expect(figures.rtt_max_us).toBeGreaterThanOrEqual(stand * 900);
  });

  it('finds the number behind what an answer begins with, and lets such an answer end in another way', async () => {
    const answer: Answer = (text, client) =>
      client.send(`{"id":1,"data":"${(JSON.parse(text) as { t: string }).t}"}`);
    const args = ['--prefix', '{"t":"', '--suffix', '","more":{}}', '--expect-prefix', '{"id":1,"data":"'];
    const { figures } = await runLoad({ answer }, 'echo', ...args, '--verify-all');
    expect(figures).toMatchObject(CLEAN);
    const strict = await runLoad({ answer }, 'echo', ...args, '--expect-suffix', '"}}');
    expect(strict.figures.len_mismatch).toBe(strict.figures.total_received);
  });

  it('takes answers from which the server has cut the prefix', async () => {
    const { figures } = await runLoad(
      { answer: (text, client) => client.send(text.slice(2)) },
      'echo',
      '--prefix',
      'X:',
    );
    expect(figures).toMatchObject(CLEAN);
  });

  it('sees a message that is lost', async () => {
    const { server, figures } = await runLoad(
      { answer: except(5, () => undefined) },
      'echo',
      '--inflight',
      '4',
    );
    expect(figures).toMatchObject({ ...CLEAN, lost: 1 });
    expect(figures.total_received).toBe(server.received.length - 1);
  });

  it('sees an answer that comes twice', async () => {
    const answer = except(5, (text, client) => [text, text].forEach((twice) => client.send(twice)));
    const { server, figures } = await runLoad({ answer }, 'echo', '--inflight', '4');
    expect(figures).toMatchObject({ ...CLEAN, duplicates: 1 });
    expect(figures.total_received).toBe(server.received.length);
  });

  it('sees answers that overtake each other', async () => {
    let held: string | undefined;
    const hold = except(5, (text) => void (held = text));
    const answer: Answer = (text, client, isBinary) => {
      const late = held;
      held = undefined;
      hold(text, client, isBinary);
      if (late !== undefined) client.send(late);
    };
    const { figures } = await runLoad({ answer }, 'echo', '--inflight', '4');
    expect(figures).toMatchObject({ ...CLEAN, out_of_order: 1 });
  });

  it('sees an answer that belongs to another connection', async () => {
    const clients: { send(text: string): void }[] = [];
    const misdirect = except(5, (text, client) => clients.find((other) => other !== client)?.send(text));
    const setup = {
      answer: misdirect,
      greet: (client: { send(text: string): void }) => void clients.push(client),
    };
    const { figures } = await runLoad(setup, 'echo', '--conns', '2', '--inflight', '2');
    expect(figures).toMatchObject({ ...CLEAN, lost: 1, other_frames: 1 });
  });

  it.each([
    ['a changed byte', (text: string) => `${text.slice(0, -1)}?`, { ...CLEAN, corrupt: 1 }],
    ['a byte too few', (text: string) => text.slice(0, -1), { ...CLEAN, len_mismatch: 1 }],
    ['a number that is none', (text: string) => `x${text.slice(1)}`, { ...CLEAN, lost: 1, other_frames: 1 }],
  ])('sees %s', async (_, change, expected) => {
    const answer = except(5, (text, client) => client.send(change(text)));
    const { figures } = await runLoad({ answer }, 'echo', '--inflight', '2', '--verify-all');
    expect(figures).toMatchObject(expected);
  });

  it('says that a server closed connections, with code and reason', async () => {
    const answer = except(5, (_, client) => client.close(4321, 'enough'));
    const { figures } = await runLoad({ answer }, 'echo');
    expect(figures).toMatchObject({
      closed_by_server: 1,
      lost: 1,
      first_error: 'the server closed with 4321 enough',
    });
  });

  it('is not complete when nothing listens', async () => {
    const { server, figures } = await runLoad({ answer: echoAnswer }, 'echo');
    await server.close();
    const { load } = await import('../load.js');
    const { parseOptions } = await import('../parse-options.js');
    const again = await load(parseOptions(['echo', '--port', String(server.port), '--conns', '2']));
    expect(figures.opened).toBe(1);
    expect(again).toMatchObject({ isComplete: false, figures: { opened: 0, connect_fail: 2 } });
    expect(again.figures.first_error).toMatch(/ECONNREFUSED/);
  });
});
