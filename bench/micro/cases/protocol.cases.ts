import { crc32 as zlibCrc32 } from 'node:zlib';
import {
  ByteReader,
  ByteWriter,
  COMMANDS,
  encodeFrame,
  formatClientId,
  FrameDecoder,
  FrameWriter,
  gatewayKey,
  Opcode,
  parseClientId,
  readEvent,
  readRequest,
  readTextMessage,
  writeMessage,
  writeRequest,
} from '#protocol';
import { crc32 } from '../../../libs/protocol/src/crc32.js';
import { type MicroCase, repeated } from '../micro-case.js';

const SIZES = [16, 128, 1024, 16_384];
const MESSAGE_BYTES = 128;
const NO_SESSION = Buffer.alloc(0);
const CONNECTION = 4711;
const MAX_FRAME_BYTES = 1024 * 1024;

function payloadOf(bytes: number): Buffer {
  return Buffer.alloc(bytes, 'nestwire ');
}

function often(bytes: number): number {
  return bytes > 1024 ? 100 : 1000;
}

const frames = SIZES.flatMap((bytes): MicroCase[] => {
  const payload = payloadOf(bytes);
  const frame = encodeFrame((writer) => writer.bytes(payload));
  return [
    repeated('frames', `encode ${bytes} B`, often(bytes), () => {
      const writer = new FrameWriter();
      const operation = (): number => {
        writer.truncate(0);
        writer.beginFrame();
        writer.bytes(payload);
        writer.endFrame();
        return writer.frameBytes;
      };
      return { operation, each: frame.length };
    }),
    repeated('frames', `decode ${bytes} B`, often(bytes), () => {
      const decoder = new FrameDecoder(MAX_FRAME_BYTES);
      let taken = 0;
      const take = (reader: ByteReader): void => void (taken = reader.remaining);
      const operation = (): number => {
        decoder.push(frame, take);
        return taken;
      };
      return { operation, each: bytes };
    }),
  ];
});

/** What a gateway sends in a turn when many clients talk. */
const BATCHED = 32;

const batches = [16, 128, 1024].flatMap((bytes): MicroCase[] => {
  const payload = payloadOf(bytes);
  const write = (writer: FrameWriter): number => {
    writer.truncate(0);
    for (let i = 0; i < BATCHED; i++) {
      writer.beginFrame();
      writer.bytes(payload);
      writer.endFrame();
    }
    writer.seal();
    return writer.length;
  };
  const batched = (): FrameWriter => {
    const writer = new FrameWriter();
    writer.batch();
    return writer;
  };
  return [
    repeated('batches', `encode ${BATCHED} of ${bytes} B`, 100, () => {
      const writer = batched();
      return { operation: () => write(writer), each: write(batched()) };
    }),
    repeated('batches', `decode ${BATCHED} of ${bytes} B`, 100, () => {
      const decoder = new FrameDecoder(MAX_FRAME_BYTES, true);
      const writer = batched();
      write(writer);
      const batch = writer.view();
      let taken = 0;
      const take = (reader: ByteReader): void => void (taken += reader.remaining);
      const operation = (): number => {
        taken = 0;
        decoder.push(batch, take);
        return taken;
      };
      return { operation, each: BATCHED * bytes };
    }),
  ];
});

const checksums = SIZES.flatMap((bytes): MicroCase[] => {
  const payload = payloadOf(bytes);
  const each = zlibCrc32(payload);
  return [
    repeated('crc32', `ours, ${bytes} B`, often(bytes), () => ({
      operation: () => crc32(payload, 0, payload.length),
      each,
    })),
    repeated('crc32', `zlib, ${bytes} B`, often(bytes), () => ({
      operation: () => zlibCrc32(payload),
      each,
    })),
  ];
});

const data = payloadOf(MESSAGE_BYTES);

const events: readonly MicroCase[] = [
  repeated('events', 'write a message of 128 B', 1000, () => {
    const writer = new ByteWriter();
    const operation = (): number => {
      writer.truncate(0);
      writeMessage(writer, CONNECTION, NO_SESSION, Opcode.Text, data);
      return writer.length;
    };
    return { operation, each: eventBytes().length };
  }),
  repeated('events', 'read a text of 128 B without an event object', 1000, () => {
    const bytes = eventBytes();
    const reader = new ByteReader();
    let taken = 0;
    const take = (connectionId: number, _session: Buffer, text: string): void =>
      void (taken = connectionId + text.length);
    const operation = (): number => {
      reader.reset(bytes, 0, bytes.length);
      return readTextMessage(reader, take) ? taken : 0;
    };
    return { operation, each: CONNECTION + MESSAGE_BYTES };
  }),
  repeated('events', 'read a message of 128 B as an event', 1000, () => {
    const bytes = eventBytes();
    const reader = new ByteReader();
    const operation = (): number => {
      reader.reset(bytes, 0, bytes.length);
      const event = readEvent(reader);
      return event.type === 'message' ? event.connectionId + event.data.length : 0;
    };
    return { operation, each: CONNECTION + MESSAGE_BYTES };
  }),
];

function eventBytes(): Buffer {
  const writer = new ByteWriter();
  writeMessage(writer, CONNECTION, NO_SESSION, Opcode.Text, data);
  return writer.view();
}

const request = { connectionId: CONNECTION, message: data };

function requestBytes(): Buffer {
  const writer = new ByteWriter();
  writeRequest(writer, COMMANDS.sendToClient, request);
  return writer.view();
}

const commands: readonly MicroCase[] = [
  repeated('commands', 'write sendToClient with 128 B', 1000, () => {
    const writer = new ByteWriter();
    const operation = (): number => {
      writer.truncate(0);
      writeRequest(writer, COMMANDS.sendToClient, request);
      return writer.length;
    };
    return { operation, each: requestBytes().length };
  }),
  repeated('commands', 'read sendToClient with 128 B', 1000, () => {
    const bytes = requestBytes();
    const reader = new ByteReader();
    const operation = (): number => {
      reader.reset(bytes, 1, bytes.length);
      const read = readRequest(reader, COMMANDS.sendToClient);
      return read.connectionId + read.message.length;
    };
    return { operation, each: CONNECTION + MESSAGE_BYTES };
  }),
];

const KEY = gatewayKey({ host: '10.1.2.3', port: 9108 });
/** More than are remembered, so that most are made and read anew. */
const MANY_IDS = 20_000;

const clientIds: readonly MicroCase[] = [
  repeated('client ids', 'format one of few', 1000, () => ({
    operation: (i) => formatClientId(KEY, i & 15).length,
    each: 20,
  })),
  repeated('client ids', 'format one of many', MANY_IDS, () => ({
    operation: (i) => formatClientId(KEY, i * 4099).length,
    each: 20,
  })),
  repeated('client ids', 'parse one of few', 1000, () => {
    const ids = Array.from({ length: 16 }, () => formatClientId(KEY, CONNECTION));
    return { operation: (i) => parseClientId(ids[i & 15]!).connectionId, each: CONNECTION };
  }),
  repeated('client ids', 'parse one of many', MANY_IDS, () => {
    const ids = Array.from(
      { length: MANY_IDS },
      (_, i) => `${KEY}${(i * 4099).toString(16).padStart(8, '0')}`,
    );
    return { operation: (i) => (parseClientId(ids[i]!).connectionId === i * 4099 ? 1 : 0), each: 1 };
  }),
];

export const PROTOCOL_CASES: readonly MicroCase[] = [
  ...frames,
  ...batches,
  ...checksums,
  ...events,
  ...commands,
  ...clientIds,
];
