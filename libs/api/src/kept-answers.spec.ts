import { describe, expect, it } from 'vitest';
import { defineQuestion, phpSessionCodec, type Codec } from '#protocol';
import { clientOf, gateway, linkedTo } from './test/pool-kit.js';
import type { Received, ScriptedGateway } from './test/scripted-gateway.js';

/** An application's codec that hands out views into what it reads. */
const views: Codec<Uint8Array, Buffer> = {
  write: (writer, value) => writer.bytes(value),
  read: (reader) => reader.rest(),
};
const echo = defineQuestion({ code: 150, request: views, reply: views });
const NOISE = Buffer.alloc(8192, 0xfe);

/** Answers the custom questions that come with their own bytes. */
async function answerNext(node: ScriptedGateway, nth: number): Promise<void> {
  const asked = (): readonly Received[] => node.of('custom 150');
  await node.until(() => asked().length >= nth);
  const { request, link } = asked()[nth - 1]!;
  link.send((writer) => writer.bytes(request as Buffer));
}

describe('what a question was answered with', () => {
  it('is not changed by what the link reads next into the same buffer', async () => {
    const session = { raw: Buffer.from([0xff, 0xfe, 0xfd]), name: 'Ann' };
    const node = await gateway({
      getSession: () => phpSessionCodec.encode(session),
      getClientInfo: ({ fields }) => ({ fields, client: { session: phpSessionCodec.encode(session) } }),
    });
    const { api } = await linkedTo([node], {}, phpSessionCodec);
    const client = clientOf(node, 1);
    let asked = 0;
    const ask = async (bytes: Buffer): Promise<Buffer> => {
      const answer = api.sendToAddressAndRecv(node.address, echo, bytes);
      await answerNext(node, ++asked);
      return answer;
    };
    const askRaw = async (bytes: Buffer): Promise<Buffer> => {
      const answer = api.sendToAddressAndRecv(node.address, Buffer.from([echo.code, ...bytes]));
      await answerNext(node, ++asked);
      return answer;
    };
    const kept = [
      await api.getSession(client),
      (await api.getClientInfo(client, ['session']))?.session,
      await ask(Buffer.from('an answer')),
      await askRaw(Buffer.from('a raw answer')),
    ];
    expect(await ask(NOISE)).toEqual(NOISE);
    expect(kept).toEqual([session, session, Buffer.from('an answer'), Buffer.from('a raw answer')]);
  });
});
