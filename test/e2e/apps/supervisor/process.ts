import { SupervisedProcess } from '#supervisor';

/** A process that does nothing but what its supervisor wants, and says so. */
const say = (text: string): void =>
  void process.stdout.write(`${process.env['PLACE']} ${process.pid} ${text}\n`);

const idle = setInterval(() => undefined, 1_000);
const supervised = SupervisedProcess.join((reason) => {
  say(`stops: ${reason}`);
  clearInterval(idle);
  setTimeout(() => process.exit(0), 20);
});
say('is there');
supervised?.ready();
