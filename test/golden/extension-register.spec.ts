import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter, readRosterMessage, writeRosterMessage, type RosterMessage } from '#protocol';

interface Entry {
  readonly id: string;
  readonly features: number;
  readonly host: string;
  readonly port: number;
  readonly zone: string;
}

interface Golden {
  readonly name: string;
  readonly hex: string;
  readonly type: RosterMessage['type'];
  readonly gateway?: Entry;
  readonly gateways?: readonly Entry[];
}

const goldens = JSON.parse(
  readFileSync(new URL('./extension/register.json', import.meta.url), 'utf8'),
) as readonly Golden[];

function messageOf({ type, gateway, gateways }: Golden): RosterMessage {
  switch (type) {
    case 'announce':
      return { type, gateway: gatewayOf(gateway!) };
    case 'gatewayList':
      return { type, gateways: gateways!.map(gatewayOf) };
    case 'ping':
    case 'pong':
      return { type };
  }
}

function gatewayOf({ id, features, host, port, zone }: Entry) {
  return { id, features, address: { host, port }, zone };
}

describe.each(goldens)('between a node and its register, $name', (golden) => {
  it('is written to the byte', () => {
    const writer = new ByteWriter();
    writeRosterMessage(writer, messageOf(golden));
    expect(writer.view().toString('hex')).toBe(golden.hex);
  });

  it('is read back', () => {
    expect(readRosterMessage(ByteReader.of(Buffer.from(golden.hex, 'hex')))).toEqual(messageOf(golden));
  });
});
