import { describe, expect, it } from 'vitest';
import type { GoldenCase } from '../../../test/golden/golden-case.js';
import { bytesIn, numberIn, textIn } from '../../../test/golden/golden-case.js';
import {
  commandCase,
  commandNameOf,
  requestIn,
  type CommandOfAnything,
} from '../../../test/golden/golden-commands.js';
import { fromHex, GOLDEN_ENTRIES, type GoldenEntry } from '../../../test/golden/golden-data.js';
import { addressIn, bareFrameCase, eventCase, registerCase } from '../../../test/golden/golden-messages.js';
import { replyCase } from '../../../test/golden/golden-replies.js';
import { ByteReader } from './byte-reader.js';
import { formatClientId, gatewayAddressOf, gatewayKey, parseClientId } from './client-id.js';
import { COMMANDS, readRequest, writeRequest } from './commands/index.js';
import { InvalidArgumentError, ProtocolError } from './errors.js';
import { FrameDecoder } from './frame-decoder.js';
import { encodeFrame, FrameWriter } from './frame-writer.js';

const MAX_FRAME_BYTES = 4096;

const clientIds = GOLDEN_ENTRIES.filter((entry) => entry.kind === 'clientId');
const cases = GOLDEN_ENTRIES.filter((entry) => entry.kind !== 'clientId').map(caseOf);
const written = cases.filter((golden) => golden.refusedArgument === undefined);
const refused = cases.filter((golden) => golden.refusedArgument !== undefined);
const readable = cases.filter((golden) => golden.refusedCode === undefined);
const unreadable = cases.filter((golden) => golden.refusedCode !== undefined);

function caseOf(entry: GoldenEntry): GoldenCase {
  switch (entry.kind) {
    case 'frame':
      return entry.name.startsWith('protocol.') ? bareFrameCase(entry) : commandCase(entry);
    case 'reply':
      return replyCase(entry);
    case 'event':
      return eventCase(entry);
    case 'register':
      return registerCase(entry);
    case 'clientId':
      throw new Error('A client id travels in no frame of its own');
  }
}

function frameOf(golden: GoldenCase): Buffer {
  return fromHex(golden.entry.frame_hex!);
}

function byteByByte(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
}

/** Pushes the chunks; every payload that comes out must be the next of the cases, whole and with nothing left. */
function expectToRead(chunks: readonly Buffer[], expected: readonly GoldenCase[]): void {
  const decoder = new FrameDecoder(MAX_FRAME_BYTES);
  let received = 0;
  for (const chunk of chunks) {
    decoder.push(chunk, (payload) => {
      const golden = expected[received++]!;
      expect(golden.read(payload)).toEqual(golden.value);
      expect(payload.remaining).toBe(0);
    });
  }
  expect(received).toBe(expected.length);
  expect(decoder.carriedBytes).toBe(0);
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('the golden entries', () => {
  it('are 350, each with a name of its own and each exercised below', () => {
    expect(new Set(GOLDEN_ENTRIES.map((entry) => entry.name)).size).toBe(350);
    expect(cases.length + clientIds.length).toBe(350);
    expect([written.length, refused.length]).toEqual([339, 3]);
    expect([readable.length, unreadable.length]).toEqual([341, 1]);
    expect(clientIds).toHaveLength(8);
  });

  it('show every command there is', () => {
    const shown = cases.filter(({ entry }) => entry.name.startsWith('cmd.'));
    expect(new Set(shown.map(({ entry }) => commandNameOf(entry.input['class'])))).toEqual(
      new Set(Object.keys(COMMANDS)),
    );
  });

  it('have the code that we give the command', () => {
    for (const { entry } of cases.filter(({ entry }) => /^(cmd|reply)\./.test(entry.name))) {
      expect(COMMANDS[commandNameOf(entry.input['class'])].code).toBe(entry.code);
    }
  });
});

describe('our encoder', () => {
  it.each(written.map(named))('writes the recorded bytes of %s', (_name, golden) => {
    const writer = new FrameWriter();
    writer.beginFrame();
    golden.write(writer);
    writer.endFrame();
    expect(writer.frameBytes).toBe(golden.entry.frame_hex!.length / 2);
    expect(writer.view().toString('hex')).toBe(golden.entry.frame_hex);
  });

  it.each(refused.map(named))('refuses to write %s, and leaves nothing of it behind', (_name, golden) => {
    const writer = new FrameWriter();
    writer.beginFrame();
    const error = thrownBy(() => golden.write(writer));
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(error).toMatchObject({
      code: 'ERR_NESTWIRE_INVALID_ARGUMENT',
      argument: golden.refusedArgument,
    });
    writer.abortFrame();
    expect(writer.length).toBe(0);
  });

  it('writes all of them one after another into one buffer', () => {
    const writer = new FrameWriter();
    for (const golden of written) {
      writer.beginFrame();
      golden.write(writer);
      writer.endFrame();
    }
    expect(writer.view().equals(Buffer.concat(written.map(frameOf)))).toBe(true);
  });

  it('writes a message given as text as it writes its bytes', () => {
    const texts = cases.filter(({ entry }) =>
      /^cmd\.SendTo\w+\.msg_(ascii|utf8|empty|json|crlf)$/.test(entry.name),
    );
    expect(texts).toHaveLength(10);
    for (const { entry } of texts) {
      const name = commandNameOf(entry.input['class']);
      const { text } = entry.input['message'] as { text: string };
      const request = { ...(requestIn(name, entry.input) as object), message: text };
      const frame = encodeFrame((writer) =>
        writeRequest(writer, COMMANDS[name] as CommandOfAnything, request),
      );
      expect(frame.toString('hex')).toBe(entry.frame_hex);
    }
  });
});

describe('our decoder', () => {
  it.each(readable.map(named))(
    'reads %s whole, byte by byte, and in one chunk with others',
    (_name, golden) => {
      const frame = frameOf(golden);
      expectToRead([frame], [golden]);
      expectToRead(byteByByte(frame), [golden]);
      const other = readable[0]!;
      expectToRead([Buffer.concat([frameOf(other), frame, frame])], [other, golden, golden]);
    },
  );

  it.each([1, 7, 8, 9, 64, 1460, 1_000_000])('reads all of them out of chunks of %i bytes', (size) => {
    const stream = Buffer.concat(readable.map(frameOf));
    const chunks: Buffer[] = [];
    for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size));
    expectToRead(chunks, readable);
  });

  it('refuses a reply that ends inside a name', () => {
    expect(unreadable.map(({ entry }) => entry.name)).toEqual(['reply.GetGroupList.len256_WRAPS']);
    for (const golden of unreadable) {
      const decoder = new FrameDecoder(MAX_FRAME_BYTES);
      const error = thrownBy(() => decoder.push(frameOf(golden), (payload) => void golden.read(payload)));
      expect(error).toBeInstanceOf(ProtocolError);
      expect(error).toMatchObject({ code: golden.refusedCode });
      expect(golden.refusedCode).toBe('ERR_NESTWIRE_TRUNCATED');
    }
  });

  it('reads the request of every reply', () => {
    const replies = GOLDEN_ENTRIES.filter((entry) => entry.kind === 'reply');
    for (const { input, code, request_frame_hex: frame } of replies) {
      const name = commandNameOf(input['class']);
      let requests = 0;
      new FrameDecoder(MAX_FRAME_BYTES).push(fromHex(frame!), (payload) => {
        requests++;
        expect(payload.u8()).toBe(code);
        expect(readRequest(payload, COMMANDS[name] as CommandOfAnything)).toEqual(requestIn(name, input));
      });
      expect(requests).toBe(1);
    }
    expect(replies).toHaveLength(68);
  });

  it("keeps the trailing bytes that the original's handler lost", () => {
    const lossy = cases.filter(({ entry }) => {
      const seen = entry.dispatch?.arg;
      return (
        'data' in entry.input && !JSON.stringify(seen).includes(bytesIn(entry.input, 'data').toString('hex'))
      );
    });
    expect(lossy).toHaveLength(12);
    for (const golden of lossy) {
      const event = golden.read(ByteReader.of(golden.payload));
      expect(event).toMatchObject({ data: bytesIn(golden.entry.input, 'data') });
    }
  });
});

describe('client ids', () => {
  it.each(clientIds.map((entry) => [entry.name, entry] as const))(
    'are those of %s',
    (_name, { input, load_hex }) => {
      const id = formatClientId(gatewayKey(addressIn(input)), numberIn(input, 'fd'));
      expect(id).toBe(load_hex);
      expect(id).toBe(textIn(input, 'client'));
      const { gateway, connectionId } = parseClientId(load_hex);
      expect(connectionId).toBe(input['fd']);
      expect(gatewayAddressOf(gateway)).toEqual(addressIn(input));
    },
  );

  it('are those that the original dispatched its events with', () => {
    const gateway = gatewayKey({ host: '127.0.0.1', port: 9108 });
    const events = GOLDEN_ENTRIES.filter((entry) => entry.kind === 'event');
    expect(events).toHaveLength(62);
    for (const { input, dispatch } of events) {
      expect(formatClientId(gateway, numberIn(input, 'fd'))).toBe(dispatch!.client);
    }
  });
});

function named(golden: GoldenCase): [string, GoldenCase] {
  return [golden.entry.name, golden];
}
