import { describe, expect, it } from 'vitest';
import { parseOptions } from '../generator/parse-options.js';
import { NEST_EVENT, nestwireDto, RAW, SOCKET_IO } from './dialect.js';
import { generatorArgs, isForWsload } from './generator-args.js';
import { SCENARIOS } from './scenarios.js';
import { TARGETS } from './targets.js';

const AIM = { port: 15_000, pids: [process.pid], seconds: 5 };
const ECHO = { mode: 'echo', connections: 50, inFlight: 16, bytes: 128 } as const;
const FAN_OUT = { mode: 'fanout', subscribers: 1_000, bytes: 128 } as const;

describe('generatorArgs', () => {
  it('names connections, messages under way and their size for an echo', () => {
    expect(generatorArgs(ECHO, RAW, { ...AIM, pids: [12, 34] })).toEqual(
      'echo --conns 50 --inflight 16 --size 128 --seconds 5 --warmup 0.5 --port 15000 --pid 12,34 --json'.split(
        ' ',
      ),
    );
  });

  it('has subscribers join before they are published to, by window or by rate', () => {
    const windowed = generatorArgs({ ...FAN_OUT, pace: { window: 8 } }, RAW, AIM);
    expect(windowed.slice(0, 11)).toEqual(
      'fanout --subs 1000 --size 128 --window 8 --hello J:g --prefix B:'.split(' '),
    );
    const paced = generatorArgs({ ...FAN_OUT, pace: { rate: 50 } }, RAW, AIM);
    expect(paced.slice(5, 7)).toEqual(['--rate', '50']);
  });

  it('wraps what is said into what the server understands', () => {
    const args = generatorArgs({ ...FAN_OUT, pace: { window: 1 } }, NEST_EVENT, AIM);
    const options = parseOptions(args);
    expect(options.greeting).toEqual([{ do: 'send', text: '{"event":"m","data":"J:g"}' }]);
    expect([options.prefix, options.suffix]).toEqual(['{"event":"m","data":"B:', '"}']);
  });

  it('greets a socket.io server before anything else, and answers its pings', () => {
    const options = parseOptions(generatorArgs({ ...FAN_OUT, pace: { window: 1 } }, SOCKET_IO, AIM));
    expect(options).toMatchObject({ path: '/socket.io/?EIO=4&transport=websocket', engineIo: true });
    expect(options.greeting).toEqual([
      { do: 'await', text: '0' },
      { do: 'send', text: '40' },
      { do: 'await', text: '40' },
      { do: 'send', text: '42["m","J:g"]' },
    ]);
  });

  it('expects an answer around other words than those that were sent', () => {
    const options = parseOptions(generatorArgs(ECHO, nestwireDto('say'), AIM));
    expect(options).toMatchObject({
      prefix: '{"event":"say","id":1,"data":{"room":"lobby","text":"',
      suffix: '"}}',
      expectPrefix: '{"id":1,"data":"',
      expectSuffix: '"}',
    });
  });

  it('has every subscriber of a fairness run join, and the echoing connections only greet', () => {
    const load = {
      mode: 'fairness',
      subscribers: 5_000,
      bytes: 128,
      echoes: { connections: 50, rate: 1_000 },
      broadcastRate: 10,
    } as const;
    const options = parseOptions(generatorArgs(load, SOCKET_IO, AIM));
    expect(options.greeting.at(-1)).toEqual({ do: 'send', text: '42["m","J:g"]' });
    expect(options.pubGreeting.at(-1)).toEqual({ do: 'await', text: '40' });
    expect(options).toMatchObject({ subs: 5_000, conns: 50, ratePerS: 1_000, publishRatePerS: 10 });
    expect([options.echoPrefix, options.prefix]).toEqual(['42["m","', '42["m","B:']);
  });

  const all = SCENARIOS.flatMap((scenario) => scenario.targets.map((name) => ({ scenario, name })));
  it.each(all)('is understood by the generator for "$scenario.name" against $name', ({ scenario, name }) => {
    const dialect = scenario.dialects?.[name] ?? TARGETS[name].dialect;
    const options = parseOptions(generatorArgs(scenario.load, dialect, AIM));
    expect(options).toMatchObject({ mode: scenario.load.mode, port: AIM.port, pids: AIM.pids, json: true });
  });
});

describe('isForWsload', () => {
  it('says that raw texts are', () => {
    expect(isForWsload(generatorArgs(ECHO, RAW, AIM))).toBe(true);
    expect(isForWsload(generatorArgs({ ...ECHO, hello: 'L:', command: 'U:' }, RAW, AIM))).toBe(true);
  });

  it('says that what ends in a suffix, waits for a greeting, or echoes after idling is not', () => {
    expect(isForWsload(generatorArgs(ECHO, NEST_EVENT, AIM))).toBe(false);
    expect(isForWsload(generatorArgs(ECHO, SOCKET_IO, AIM))).toBe(false);
    expect(isForWsload(generatorArgs({ mode: 'idle', connections: 10 }, RAW, AIM))).toBe(false);
  });
});
