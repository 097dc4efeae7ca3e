import {
  readEvent,
  readRegisterMessage,
  writeEvent,
  writeRegisterMessage,
  type GatewayEvent,
  type NodeAddress,
  type RegisterMessage,
} from '#protocol';
import {
  bytesIn,
  listIn,
  numberIn,
  phpBytesIn,
  textIn,
  type GoldenCase,
  type GoldenInput,
} from './golden-case.js';
import { fromHex, type GoldenEntry } from './golden-data.js';

const EMPTY_SESSIONS = ['', 'a:0:{}'];

export function eventCase(entry: GoldenEntry): GoldenCase {
  const event = eventOf(entry);
  return {
    entry,
    payload: fromHex(entry.load_hex),
    write: (writer) => writeEvent(writer, event),
    read: readEvent,
    value: event,
  };
}

export function registerCase(entry: GoldenEntry): GoldenCase {
  const message = registerMessageOf(entry);
  return {
    entry,
    payload: fromHex(entry.load_hex),
    write: (writer) => writeRegisterMessage(writer, message),
    read: readRegisterMessage,
    value: message,
  };
}

/** `protocol.*`: the frame alone, around bytes that mean nothing. */
export function bareFrameCase(entry: GoldenEntry): GoldenCase {
  const payload = bytesIn(entry.input, 'load');
  return {
    entry,
    payload: fromHex(entry.load_hex),
    write: (writer) => writer.bytes(payload),
    read: (reader) => reader.rest(),
    value: payload,
  };
}

function eventOf({ name, input }: GoldenEntry): GatewayEvent {
  const head = { connectionId: numberIn(input, 'fd'), session: sessionBytes(input) };
  const type = name.split('.')[1];
  switch (type) {
    case 'connect':
      return { type, ...head };
    case 'receive':
      return { type, ...head, data: bytesIn(input, 'data') };
    case 'message':
      return {
        type,
        ...head,
        opcode: numberIn(input, 'opcode'),
        flags: numberIn(input, 'flags'),
        data: bytesIn(input, 'data'),
      };
    case 'close':
      return { type, ...head, details: phpBytesIn(input, 'bind_php_hex') };
    default:
      throw new Error(`We have no event "${type}"`);
  }
}

/** In events an empty session has length 0, whatever its serialization says. */
function sessionBytes(input: GoldenInput): Buffer {
  if (!('session_php_hex' in input)) {
    if (JSON.stringify(input['session']) !== '[]') throw new Error('A session without its bytes');
    return Buffer.alloc(0);
  }
  const bytes = phpBytesIn(input, 'session_php_hex');
  return EMPTY_SESSIONS.includes(bytes.toString('latin1')) ? Buffer.alloc(0) : bytes;
}

function registerMessageOf({ name, input }: GoldenEntry): RegisterMessage {
  switch (name.split('.')[1]) {
    case 'ping':
      return { type: 'ping' };
    case 'worker_connect':
      return { type: 'workerConnect', secret: bytesIn(input, 'register_secret') };
    case 'gateway_connect':
      return { type: 'gatewayConnect', address: addressIn(input), secret: bytesIn(input, 'register_secret') };
    case 'broadcast':
      return { type: 'gatewayList', gateways: (listIn(input, 'gateways') as GoldenInput[]).map(addressIn) };
    default:
      throw new Error(`We have no register message "${name}"`);
  }
}

export function addressIn(input: GoldenInput): NodeAddress {
  return { host: textIn(input, 'lan_host'), port: numberIn(input, 'lan_port') };
}
