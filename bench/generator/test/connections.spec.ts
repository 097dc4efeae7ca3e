import { describe, expect, it, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { echoAnswer } from './servers.js';
import { runLoad } from './run-load.js';

const OWN = ['--pid', String(process.pid)];

describe('idle', () => {
  it('holds connections, and measures what they cost', async () => {
    const { server, figures, isComplete } = await runLoad(
      { answer: echoAnswer },
      'idle',
      '--conns',
      '20',
      ...OWN,
    );
    expect(isComplete).toBe(true);
    expect(server).toMatchObject({ opened: 20, received: [] });
    expect(figures).toMatchObject({ opened: 20, still_open: 20, failures: 0 });
    expect(figures.server_rss_mb_ready).toBeGreaterThan(1);
    expect(figures).toHaveProperty('server_rss_kb_per_conn');
    expect(figures).not.toHaveProperty('server_rss_mb_echoed');
  });

  it('lets every connection echo once when it is told to', async () => {
    const args = ['--conns', '20', '--concurrency', '3', '--echo-once', '--prefix', 'X:', ...OWN];
    const { server, figures, isComplete } = await runLoad({ answer: echoAnswer }, 'idle', ...args);
    expect(isComplete).toBe(true);
    expect(new Set(server.received).size).toBe(20);
    expect(figures).toMatchObject({
      total_sent: 20,
      total_received: 20,
      lost: 0,
      corrupt: 0,
      other_frames: 0,
    });
    expect(figures.server_rss_mb_echoed).toBeGreaterThan(1);
    expect(figures).toHaveProperty('server_rss_kb_per_conn_echoed');
  });

  it('is not complete when an echo does not come', async () => {
    let count = 0;
    const answer = (text: string, client: WebSocket): void => void (++count === 3 || client.send(text));
    const args = ['--conns', '5', '--echo-once', '--connect-timeout', '0.3'];
    const { figures, isComplete } = await runLoad({ answer }, 'idle', ...args);
    expect(isComplete).toBe(false);
    expect(figures).toMatchObject({ total_sent: 5, total_received: 4, lost: 1 });
  });
});

describe('churn', () => {
  it('counts whole lives: open, echo, goodbye, end', async () => {
    const { server, figures, isComplete } = await runLoad({ answer: echoAnswer }, 'churn', '--conns', '4');
    expect(isComplete).toBe(true);
    expect(figures.cycles).toBeGreaterThan(4);
    expect(figures).toMatchObject({
      lost: 0,
      close_timeouts: 0,
      close_unanswered: 0,
      other_frames: 0,
    });
    expect(figures).toMatchObject({ total_opened: server.opened, total_cycles: server.opened });
    expect(server.received).toHaveLength(server.opened);
    await vi.waitFor(() => expect([...server.closes]).toEqual([[1000, server.opened]]));
    expect(figures.connect_to_open_p50_us).toBeLessThanOrEqual(figures.connect_to_echo_max_us as number);
  });

  it('counts no life that ends without a goodbye', async () => {
    const answer = (_: string, client: WebSocket): void => client.terminate();
    const { figures, isComplete } = await runLoad({ answer }, 'churn', '--conns', '2');
    expect(isComplete).toBe(false);
    expect(figures).toMatchObject({ cycles: 0, total_received: 0 });
    expect(figures.closed_by_server).toBe(figures.total_opened);
  });
});

describe('greetings', () => {
  it('waits for each answer before it goes on, as with socket.io', async () => {
    const setup = {
      greet: (client: WebSocket, path: string) =>
        client.send(path === '/socket.io/?EIO=4' ? '0{"sid":"x"}' : 'wrong path'),
      answer: (text: string, client: WebSocket) => {
        if (text === '40') client.send('40{"sid":"y"}');
        else echoAnswer(text, client, false);
      },
    };
    const greeting = ['--path', '/socket.io/?EIO=4', '--await', '0', '--hello', '40', '--await', '40'];
    const { server, figures } = await runLoad(
      setup,
      'echo',
      '--conns',
      '2',
      ...greeting,
      '--prefix',
      '42["m","',
      '--suffix',
      '"]',
    );
    expect(figures).toMatchObject({ opened: 2, greeting_frames: 4, lost: 0, other_frames: 0 });
    expect(
      server.received.slice(0, 2).concat(server.received.slice(2).filter((text) => text === '40')),
    ).toEqual(['40', '40']);
  });

  it('does not count a connection as open whose greeting is not answered', async () => {
    const args = ['--await', 'welcome', '--connect-timeout', '0.2'];
    const { server, figures, isComplete } = await runLoad({ answer: echoAnswer }, 'echo', ...args);
    expect(isComplete).toBe(false);
    expect(server).toMatchObject({ opened: 1, received: [] });
    expect(figures).toMatchObject({
      opened: 0,
      timeouts: 1,
      first_error: 'still greeting after the time to connect',
    });
  });

  it('answers pings of Engine.IO when it is told to, and pings of WebSocket always', async () => {
    const pongs: string[] = [];
    const setup = {
      greet: (client: WebSocket) => {
        client.on('pong', (data) => pongs.push(data.toString()));
        client.ping('are you there');
        client.send('2');
      },
      answer: (text: string, client: WebSocket) => text === '3' || client.send(text),
    };
    const { server, figures } = await runLoad(setup, 'echo', '--engine.io');
    expect(figures).toMatchObject({ pings: 2, lost: 0, other_frames: 0 });
    expect(server.received.filter((text) => text === '3')).toHaveLength(1);
    expect(pongs).toEqual(['are you there']);
  });
});
