import { describe, expect, it } from 'vitest';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { InvalidArgumentError, ProtocolError } from './errors.js';
import { readRegisterMessage, writeRegisterMessage, type RegisterMessage } from './register-messages.js';

function refusal(hex: string): ProtocolError {
  try {
    readRegisterMessage(ByteReader.of(Buffer.from(hex, 'hex')));
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return error as ProtocolError;
  }
  throw new Error('Nothing was thrown');
}

describe('a register message', () => {
  it.each([
    ['nothing at all', ''],
    ['a gateway without its address', '01'],
    ['a gateway with half a port', '01' + '7f000001' + '23'],
    ['a list that ends inside an address', '03' + '7f000001' + '2394' + '7f00'],
  ])('is refused with %s', (_name, hex) => {
    expect(refusal(hex).code).toBe('ERR_NESTWIRE_TRUNCATED');
  });

  it('that is a ping is refused when it goes on', () => {
    const error = refusal('0000');
    expect(error.code).toBe('ERR_NESTWIRE_TRAILING_BYTES');
    expect(error.message).toBe('A ping has 1 bytes after its last field');
  });

  it.each([4, 20, 200, 255])('is refused when its code is %i', (code) => {
    const error = refusal(code.toString(16).padStart(2, '0'));
    expect(error.code).toBe('ERR_NESTWIRE_UNKNOWN_CODE');
    expect(error.message).toBe(`No register message has the code ${code}`);
  });

  it.each([
    ['host', { host: 'gateway.local', port: 9108 }],
    ['host', { host: '::1', port: 9108 }],
    ['port', { host: '127.0.0.1', port: 65_536 }],
    ['port', { host: '127.0.0.1', port: -1 }],
  ] as const)('cannot tell an address whose %s is %o', (argument, address) => {
    const messages: RegisterMessage[] = [
      { type: 'gatewayConnect', address, secret: Buffer.alloc(0) },
      { type: 'gatewayList', gateways: [{ host: '127.0.0.1', port: 1 }, address] },
    ];
    for (const message of messages) {
      const write = () => writeRegisterMessage(new ByteWriter(), message);
      expect(write).toThrow(InvalidArgumentError);
      expect(write).toThrow(expect.objectContaining({ code: 'ERR_NESTWIRE_INVALID_ARGUMENT', argument }));
    }
  });
});
