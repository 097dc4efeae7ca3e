// Connects as fast as it can, in a process of its own: `node flood.mjs <ws url> <how many>`. Each asks for an upgrade at once.
// Tells by IPC what has become of all of them: as often as something changes, and not more often than every 20 ms.
import { connect } from 'node:net';

const { hostname, port } = new URL(process.argv[2]);
const count = Number(process.argv[3]);
const REQUEST = [
  'GET / HTTP/1.1',
  `Host: ${hostname}`,
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n');

const tally = { upgraded: 0, toldToComeLater: 0, closed: 0 };
let isTelling = false;
const tell = () => {
  if (isTelling) return;
  isTelling = true;
  setTimeout(() => {
    isTelling = false;
    if (process.connected) process.send(tally);
  }, 20);
};

function knock() {
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(REQUEST);
  socket.once('data', (answer) => {
    const text = answer.toString('latin1');
    if (text.startsWith('HTTP/1.1 101')) tally.upgraded++;
    if (/^HTTP\/1\.1 503 .*\r\nRetry-After: [1-5]\r\n/s.test(text)) tally.toldToComeLater++;
    tell();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    tally.closed++;
    tell();
  });
}

process.on('disconnect', () => process.exit());
for (let done = 0; done < count; done++) {
  knock();
  if (done % 64 === 63) await new Promise((resolve) => setImmediate(resolve));
}
