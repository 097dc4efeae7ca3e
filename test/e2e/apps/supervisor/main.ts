import { Supervisor, type SupervisorOptions } from '#supervisor';

/**
 * A supervisor of small processes, for the spec. Options as JSON in the first argument; SIGHUP reloads, SIGTERM closes. Each
 * line of its log is a line of its output.
 */
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const given = JSON.parse(process.argv[2] ?? '{}') as Partial<SupervisorOptions>;
const groups = (given.groups ?? []).map((group) => ({
  ...group,
  file: new URL('process.js', import.meta.url).href,
  environmentOf: ({ group: name, number }: { group: string; number: number }) => ({
    PLACE: `${name} ${number}`,
  }),
  onReady: (_: unknown, facts: unknown) => say(`facts ${JSON.stringify(facts)}`),
}));
const supervisor = new Supervisor({ ...given, groups }, { log: say, warn: say, error: say });

process.on('SIGHUP', () => {
  supervisor.reload().then(
    () => say('reload resolved'),
    (error: Error & { code?: string }) => say(`reload rejected ${error.code}`),
  );
});
process.on('SIGTERM', () => {
  void supervisor.close().then(() => process.exit(0));
});

try {
  await supervisor.start();
  say('started');
} catch (error) {
  say(`start rejected ${(error as Error & { code?: string }).code}`);
  process.exitCode = 1;
}
