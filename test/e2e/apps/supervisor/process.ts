import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { SupervisedProcess } from '#supervisor';

/**
 * A process that does what the file `BEHAVIOUR` says at its start: `serve` on the port `PORT`, which it shares with the others;
 * `crash`; `hang` without ever being ready; or `stubborn`, which does not end when it is told to.
 */
const behaviour = readFileSync(process.env['BEHAVIOUR']!, 'utf8').trim();
const place = process.env['PLACE'];
const say = (text: string): void => void process.stdout.write(`${place} ${process.pid} ${text}\n`);

if (behaviour === 'crash') {
  say('crashes');
  process.exit(3);
}
const supervised = SupervisedProcess.join((reason) => {
  say(`stops: ${reason}`);
  if (behaviour !== 'stubborn') setTimeout(() => process.exit(0), 20);
});
if (behaviour === 'hang') {
  setInterval(() => undefined, 1_000);
} else {
  const server = createServer((socket) => socket.end(`${process.pid}\n`));
  server.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' }, () => {
    say('serves');
    supervised?.ready({ place });
  });
}
