import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import { ProtocolError } from './errors.js';
import { checkPort, packIPv4, unpackIPv4, type NodeAddress } from './node-address.js';

const Code = { Ping: 0, GatewayConnect: 1, WorkerConnect: 2, GatewayList: 3 } as const;

/** What is said on a link to the register. */
export type RegisterMessage =
  | { readonly type: 'ping' }
  /** gateway → register: here I am reached */
  | { readonly type: 'gatewayConnect'; readonly address: NodeAddress; readonly secret: Uint8Array }
  /** worker → register: tell me the gateways, now and at every change */
  | { readonly type: 'workerConnect'; readonly secret: Uint8Array }
  /** register → worker: the full list */
  | { readonly type: 'gatewayList'; readonly gateways: readonly NodeAddress[] };

export function writeRegisterMessage(writer: ByteWriter, message: RegisterMessage): void {
  switch (message.type) {
    case 'ping':
      return writer.u8(Code.Ping);
    case 'gatewayConnect':
      writer.u8(Code.GatewayConnect);
      writeAddress(writer, message.address);
      return writer.bytes(message.secret);
    case 'workerConnect':
      writer.u8(Code.WorkerConnect);
      return writer.bytes(message.secret);
    case 'gatewayList':
      writer.u8(Code.GatewayList);
      for (const address of message.gateways) writeAddress(writer, address);
  }
}

/** @throws ProtocolError for an unknown code, or a payload that is cut short or too long. */
export function readRegisterMessage(reader: ByteReader): RegisterMessage {
  const code = reader.u8();
  switch (code) {
    case Code.Ping:
      reader.expectEnd('A ping');
      return { type: 'ping' };
    case Code.GatewayConnect:
      return { type: 'gatewayConnect', address: readAddress(reader), secret: reader.rest() };
    case Code.WorkerConnect:
      return { type: 'workerConnect', secret: reader.rest() };
    case Code.GatewayList: {
      const gateways: NodeAddress[] = [];
      while (reader.remaining > 0) gateways.push(readAddress(reader));
      return { type: 'gatewayList', gateways };
    }
    default:
      throw new ProtocolError('ERR_NESTWIRE_UNKNOWN_CODE', `No register message has the code ${code}`);
  }
}

function writeAddress(writer: ByteWriter, { host, port }: NodeAddress): void {
  writer.u32(packIPv4(host));
  writer.u16(checkPort(port));
}

function readAddress(reader: ByteReader): NodeAddress {
  return { host: unpackIPv4(reader.u32()), port: reader.u16() };
}
