import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/**
 * Whole processes under load: Nestwire's gateway and worker beside plain `ws`, in turn, several times. Prints a Markdown
 * table of medians with their ratio, and the raw figures as JSON lines on stderr.
 *
 *     npm run bench:load -- --generator <path of wsload> [--runs 3] [--seconds 5]
 */
const { values: options } = parseArgs({
  options: {
    generator: { type: 'string' },
    runs: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
  },
});

const BUILT = fileURLToPath(new URL('..', import.meta.url));
const PORTS = { register: 19327, lan: 19108, gateway: 18000, plain: 18001 };

interface Target {
  readonly name: string;
  readonly port: number;
  readonly processes: readonly ChildProcess[];
}

interface Scenario {
  readonly name: string;
  readonly args: readonly string[];
  /** Field of the generator's JSON that is compared. */
  readonly rate: string;
  readonly p99: string;
}

const SCENARIOS: readonly Scenario[] = [
  echo('echo, 50 connections, 1 in flight', '50', '1'),
  echo('echo, 50 connections, 16 in flight', '50', '16'),
  fanOut('fan-out to 1,000, window 1', '1000', '1'),
  fanOut('fan-out to 1,000, window 8', '1000', '8'),
];

function echo(name: string, conns: string, inflight: string): Scenario {
  const args = ['echo', '--conns', conns, '--inflight', inflight, '--size', '128'];
  return { name, args, rate: 'round_trips_per_s', p99: 'rtt_p99_us' };
}

function fanOut(name: string, subs: string, window: string): Scenario {
  const args = [
    'fanout',
    '--subs',
    subs,
    '--window',
    window,
    '--size',
    '128',
    '--hello',
    'J:g',
    '--prefix',
    'B:',
  ];
  return { name, args, rate: 'deliveries_per_s', p99: 'latency_p99_us' };
}

async function start(
  script: string,
  variables: NodeJS.ProcessEnv,
  isReady: RegExp,
  args: string[] = [],
): Promise<ChildProcess> {
  const child = spawn(process.execPath, [`${BUILT}${script}`, ...args], {
    env: { ...process.env, ...variables },
  });
  await new Promise<void>((resolve, reject) => {
    let output = '';
    const onOutput = (chunk: Buffer): void => {
      output += chunk.toString();
      if (isReady.test(output)) resolve();
    };
    child.stdout.on('data', onOutput);
    child.stderr.on('data', onOutput);
    child.once('exit', () => reject(new Error(`${script} ended: ${output}`)));
  });
  return child;
}

async function startNestwire(): Promise<Target> {
  const variables = {
    NESTWIRE_REGISTER: `127.0.0.1:${PORTS.register}`,
    NESTWIRE_LAN: `127.0.0.1:${PORTS.lan}`,
    NESTWIRE_LISTEN: `ws://127.0.0.1:${PORTS.gateway}`,
  };
  const register = await start('apps/register/src/main.js', variables, /successfully started/);
  const worker = start('bench/worker/main.js', variables, /Taking events/);
  const gateway = await start('apps/gateway/src/main.js', variables, /takes events/);
  return { name: 'nestwire', port: PORTS.gateway, processes: [gateway, await worker, register] };
}

async function startPlain(): Promise<Target> {
  const server = await start('bench/peers/plain-ws.js', {}, /"port"/, [String(PORTS.plain)]);
  return { name: 'plain ws', port: PORTS.plain, processes: [server] };
}

type Figures = Readonly<Record<string, number | string>>;

async function generate(target: Target, { args }: Scenario): Promise<Figures> {
  const pids = target.processes.map(({ pid }) => pid).join(',');
  const common = ['--port', String(target.port), '--seconds', options.seconds, '--pid', pids, '--json'];
  const child = spawn(options.generator!, [...args, ...common], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'close');
  return JSON.parse(output) as Figures;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

async function run(scenario: Scenario, targets: readonly Target[]): Promise<string> {
  const rates = targets.map((): number[] => []);
  const p99s = targets.map((): number[] => []);
  let faults = 0;
  for (let i = 0; i < Number(options.runs); i++) {
    for (const [t, target] of targets.entries()) {
      const figures = await generate(target, scenario);
      process.stderr.write(
        `${JSON.stringify({ scenario: scenario.name, target: target.name, ...figures })}\n`,
      );
      rates[t]!.push(Number(figures[scenario.rate]));
      p99s[t]!.push(Number(figures[scenario.p99]));
      faults +=
        Number(figures['lost']) + Number(figures['duplicates']) + Number(figures['out_of_order'] ?? 0);
    }
  }
  const ratio = median(rates[0]!.map((rate, i) => rate / rates[1]![i]!));
  const cells = targets.flatMap((_, t) => [
    `${(median(rates[t]!) / 1000).toFixed(1)} k`,
    `${(median(p99s[t]!) / 1000).toFixed(2)} ms`,
  ]);
  return `| ${[scenario.name, ...cells, `${ratio.toFixed(2)} ×`, String(faults)].join(' | ')} |`;
}

async function main(): Promise<void> {
  if (options.generator === undefined) throw new Error('Say where the load generator is: --generator PATH');
  const targets = [await startNestwire(), await startPlain()];
  const rows = [
    '| run | nestwire /s | p99 | plain ws /s | p99 | ratio | lost, doubled, disordered |',
    '|---|---|---|---|---|---|---|',
  ];
  try {
    for (const scenario of SCENARIOS) rows.push(await run(scenario, targets));
  } finally {
    for (const { processes } of targets) for (const child of processes) child.kill();
  }
  process.stdout.write(`${rows.join('\n')}\n`);
}

await main();
