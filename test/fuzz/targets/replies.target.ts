import { COMMANDS, ProtocolError, readReply, type Question } from '#protocol';
import { messageTarget } from '../message-target.js';
import { CODED_REPLIES } from '../seeds.js';

const BY_CODE = new Map(
  Object.values(COMMANDS).flatMap((command) =>
    'reply' in command ? [[command.code, command as unknown as Question<unknown, unknown>] as const] : [],
  ),
);

/** What a gateway answers. A reply has no code: here the one of its question stands before it. */
export const replies = messageTarget<{
  readonly question: Question<unknown, unknown>;
  readonly reply: unknown;
}>({
  name: 'replies',
  parsers: ['readReply', 'COMMANDS'],
  seeds: CODED_REPLIES,
  read(reader) {
    const code = reader.u8();
    const question = BY_CODE.get(code);
    if (question === undefined) throw new ProtocolError('ERR_NESTWIRE_UNKNOWN_CODE', `No question ${code}`);
    return { question, reply: readReply(reader, question) };
  },
  write(writer, { question, reply }) {
    writer.u8(question.code);
    question.reply.write(writer, reply);
  },
});
