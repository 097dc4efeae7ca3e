import { Supervisor } from '#supervisor';

/** A supervisor of two small processes, for the spec. Each line of its log is a line of its output; SIGTERM closes it. */
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const supervisor = new Supervisor(
  {
    groups: [
      {
        name: 'process',
        processes: 2,
        file: new URL('process.js', import.meta.url).href,
        environmentOf: ({ group, number }) => ({ PLACE: `${group} ${number}` }),
      },
    ],
  },
  { log: say, warn: say, error: say },
);
process.on('SIGTERM', () => {
  void supervisor.close().then(() => process.exit(0));
});
await supervisor.start();
say('started');
