import { describe, expect, it } from 'vitest';
import { generatorArgs, isForWsload } from '../suite/generator-args.js';
import { NEST_EVENT, RAW, SOCKET_IO } from '../suite/dialect.js';
import { SCENARIOS } from '../suite/scenarios.js';
import { runCommand } from './command.js';
import { parseOptions } from './parse-options.js';
import { echoAnswer, startServer } from './test/servers.js';

async function run(...args: string[]): Promise<{ exitCode: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const exitCode = await runCommand(args, {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    giveUp: () => expect.unreachable('the run took too long'),
    interrupted: new AbortController().signal,
  });
  return { exitCode, out, err };
}

describe('the command line', () => {
  it.each([
    [[], 'The first word must be one of echo, fanout, idle, churn, fairness, not ""'],
    [
      ['ecko', '--port', '1'],
      'The first word must be one of echo, fanout, idle, churn, fairness, not "ecko"',
    ],
    [['echo'], 'Say where the server listens: --port N'],
    [['echo', '--prot', '1'], '--prot is not known. Did you mean "--port"?'],
    [['echo', '--port'], '--port needs a value: --port N'],
    [['echo', '--port', '70000'], '--port must be a whole number from 1 to 65535, not "70000"'],
    [['echo', '--port', '1', '--conns', '1.5'], '--conns must be a whole number from 1 to 500000, not "1.5"'],
    [['echo', '--port', '1', '--rate', ''], '--rate must be a number from 0.01 to 1000000, not ""'],
    [
      ['echo', '--port', '1', '--host', '192.0.2.1'],
      '--host 192.0.2.1 is refused: only 127.0.0.0/8 and ::1 may be put under load',
    ],
    [
      ['echo', '--port', '1', '--host', '127.0.0.1.example.org'],
      '--host 127.0.0.1.example.org is refused: only 127.0.0.0/8 and ::1 may be put under load',
    ],
    [['echo', '--port', '1', '--path', 'x'], '--path must begin with "/" and have no blanks: "x"'],
    [
      ['echo', '--port', '1', '--header', 'A: b\r\nC: d'],
      `--header must be one header line such as 'Cookie: a=b', not "A: b\\r\\nC: d"`,
    ],
    [
      ['echo', '--port', '1', '--tcp'],
      '--tcp is not supported: only WebSocket is spoken here; measure raw TCP with wsload',
    ],
    [['echo', '--port', '1', '--window', '2'], '--window has no meaning in echo: it is for fanout'],
    [
      ['echo', '--port', '1', '--conns', '500000', '--inflight', '65536'],
      '--conns × --inflight must be at most 4194304: lower one of them',
    ],
    [['echo', '--port', '1', '--pid', '1,4194303'], '--pid 4194303: there is no process 4194303'],
  ])('refuses %j with exit code 2 and the remedy', async (args, message) => {
    expect(await run(...args)).toEqual({ exitCode: 2, out: '', err: `${message}\nAll options: --help\n` });
  });

  it('explains every option on request', async () => {
    const { exitCode, out } = await run('--help');
    expect(exitCode).toBe(0);
    for (const flag of ['--port', '--suffix', '--await', '--publish-rate', '--engine.io'])
      expect(out).toContain(`  ${flag} `);
  });

  it('prints one line of JSON, and exits with 0', async () => {
    const server = await startServer({ answer: echoAnswer });
    const { exitCode, out, err } = await run(
      'idle',
      '--port',
      String(server.port),
      '--hold',
      '0',
      '--settle',
      '0',
      '--json',
    );
    await server.close();
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: 'READY 1\n' });
    expect(out).toMatch(/^{.*}\n$/);
    expect(JSON.parse(out)).toMatchObject({ mode: 'idle', opened: 1, connect_fail: 0 });
  });

  it('prints a figure a line for people', async () => {
    const server = await startServer({ answer: echoAnswer });
    const { out } = await run('idle', '--port', String(server.port), '--hold', '0', '--settle', '0');
    await server.close();
    expect(out).toMatch(/^READY 1\nmode +idle\n/);
  });

  it('exits with 3 when connections could not be opened', async () => {
    const server = await startServer({ answer: echoAnswer });
    await server.close();
    const { exitCode, out } = await run('idle', '--port', String(server.port), '--json');
    expect(exitCode).toBe(3);
    expect(JSON.parse(out)).toMatchObject({ opened: 0, connect_fail: 1 });
  });
});

describe('options', () => {
  it('have defaults of each mode', () => {
    expect(parseOptions(['echo', '--port', '1'])).toMatchObject({
      sizeBytes: 64,
      ratePerS: 0,
      sourceAddresses: 0,
    });
    expect(parseOptions(['fanout', '--port', '1'])).toMatchObject({ sizeBytes: 128, window: 1 });
    expect(parseOptions(['fanout', '--port', '1', '--rate', '5'])).toMatchObject({ window: 0 });
    expect(parseOptions(['churn', '--port', '1'])).toMatchObject({ sourceAddresses: 8 });
    expect(parseOptions(['fairness', '--port', '1'])).toMatchObject({ ratePerS: 1000, publishRatePerS: 10 });
  });

  it('let the publisher go through the handshake of the subscribers, and not join with them', () => {
    const args = ['--await', '0', '--hello', '40', '--await', '40', '--hello', 'J:g'];
    const { greeting, pubGreeting } = parseOptions(['fanout', '--port', '1', ...args]);
    expect(greeting).toHaveLength(4);
    expect(pubGreeting).toEqual(greeting.slice(0, 3));
    expect(parseOptions(['fanout', '--port', '1', '--hello', 'J:g']).pubGreeting).toEqual([]);
  });

  it.each(SCENARIOS.map(({ name, load }) => ({ name, load })))(
    'take what the suite asks for: $name',
    ({ load }) => {
      for (const dialect of [RAW, NEST_EVENT, SOCKET_IO]) {
        const args = generatorArgs(load, dialect, { port: 9000, pids: [process.pid], seconds: 1 });
        expect(parseOptions(args)).toMatchObject({ mode: load.mode, port: 9000, json: true });
      }
      expect(isForWsload(['fairness'])).toBe(false);
    },
  );
});
