import { inspect } from 'node:util';
import type { Link, NodeLog } from '#link';
import {
  COMMANDS,
  ExtensionCode,
  GatheredFrame,
  InvalidOptionError,
  isCustomCode,
  readRequest,
  ReplyFailure,
  writeReplyHead,
  type ByteReader,
  type ByteWriter,
  type CommandName,
} from '#protocol';
import { InSteps } from '../connection/in-steps.js';
import { UnanswerableError } from '../errors.js';
import type { CustomCommand } from './custom-command.js';
import type { CommandContext } from './executor.js';
import { extensionFrames, SESSION_WRITES, writeFailure, type FrameExecutor } from './extension-frames.js';
import { EXECUTORS } from './index.js';
import { LinkWork, type Step } from './link-work.js';
import { TableCommandPort } from './table-command-port.js';

/** A command whose types have been checked against its executor, and are not needed any more. */
interface AnyDefinition {
  readonly code: number;
  readonly request: { read(reader: ByteReader): unknown };
  readonly reply?: { write(writer: ByteWriter, reply: unknown): void } | undefined;
}
type ReplyCodec = NonNullable<AnyDefinition['reply']>;
type Run = (request: unknown, caller: Link) => unknown;

interface Entry {
  readonly definition: AnyDefinition;
  readonly run: Run;
  readonly isCustom: boolean;
}

/** What a command is answered under: over the base protocol nothing but its place in the order of questions. */
const NO_ID = -1;
const CODES = 256;
/** After so many bytes of replies it is the others' turn, however many questions came in one chunk. */
const REPLY_BYTES_A_TURN = 64 * 1024;
const NOTHING_LEFT: Step = () => false;
const EMPTY_REPLY: ReplyCodec = { write: () => undefined };
/** Of this many long questions of one caller parts are made in turn; further ones wait, as all do over the base protocol. */
const MOST_LONG_QUESTIONS = 4;

/** Finds the executor of each command that arrives, and sends its reply back on the same link. */
export class CommandDispatcher {
  readonly #entries: (Entry | undefined)[] = Array.from({ length: CODES });
  /** Frames that are no commands of the base protocol. */
  readonly #frames: (FrameExecutor | undefined)[] = Array.from({ length: CODES });
  readonly #reported = new Set<number>();
  readonly #work: LinkWork;
  #repliedBytes = 0;
  #isExtended = false;

  /** @throws InvalidOptionError for a custom code that is not 100–199, and when two commands have the same. */
  constructor(
    private readonly context: CommandContext,
    customCommands: readonly CustomCommand[],
    private readonly log: NodeLog,
    /** A larger one the caller would refuse, with its link. */
    private readonly maxReplyBytes: number,
    /** All that had to be done for the link is done: it may be read again. */
    onIdle: (link: Link) => void = (link) => link.resume(),
  ) {
    this.#work = new LinkWork((payload, link) => this.#execute(payload, link), onIdle);
    for (const name of Object.keys(COMMANDS) as CommandName[]) {
      const execute = EXECUTORS[name] as (context: CommandContext, request: unknown, caller: Link) => unknown;
      this.#addOwn(COMMANDS[name], (request, caller) => execute(context, request, caller));
    }
    const port = new TableCommandPort(context);
    for (const command of customCommands)
      this.#addCustom(command, (request) => command.execute(port, request));
  }

  /** From now on the extension is spoken: requests under an id, marks, and what else `frames` has by its code. */
  extend(frames: Readonly<Record<number, FrameExecutor>>): void {
    const { context } = this;
    this.#isExtended = true;
    const own = extensionFrames({
      context,
      execute: (payload, link, id) => this.#execute(payload, link, id),
      addCommand: (definition, run) => this.#addOwn(definition, run),
    });
    this.#entries[COMMANDS.registerWorker.code] = undefined;
    for (const code of SESSION_WRITES) this.#countSessionWrites(this.#entries[code]!);
    for (const [code, execute] of Object.entries({ ...own, ...frames })) this.#frames[Number(code)] = execute;
  }

  /** @throws ProtocolError, UnanswerableError: the link has to end */
  dispatch(payload: ByteReader, link: Link): void {
    if (this.#work.isBusy(link)) this.#work.defer(payload, link);
    else this.#execute(payload, link);
  }

  /** A command of this link takes more than a turn, and the link must not be read before it is done. */
  isBusy(link: Link): boolean {
    return this.#work.isBusy(link);
  }

  /** The link's peer was given up: what it said and had to wait takes no effect any more. */
  drop(link: Link): void {
    this.#work.drop(link);
  }

  #execute(payload: ByteReader, link: Link, id = NO_ID): void {
    const code = payload.u8();
    const entry = this.#entries[code];
    if (entry === undefined) {
      const frame = this.#frames[code];
      // Of what is no command nothing but marks may be asked for under an id: nothing else has an answer.
      const isTaken = frame !== undefined && (id === NO_ID || code === ExtensionCode.Marked);
      return isTaken ? frame(payload, link, id) : this.#unknown(code, link, id);
    }
    const { definition } = entry;
    if (this.#isExtended && id === NO_ID && definition.reply !== undefined)
      throw new UnanswerableError(code, 'is a question, which has to be asked in a request');
    if (entry.isCustom) return this.#runCustom(entry, payload, link, id);
    const reply = entry.run(readRequest(payload, definition), link);
    if (reply instanceof InSteps) this.#beginWork(definition, link, reply.steps, id);
    else if (definition.reply !== undefined) this.#writeReply(code, definition.reply, link, reply, id);
    else if (id !== NO_ID) this.#writeReply(code, EMPTY_REPLY, link, undefined, id);
  }

  #beginWork({ code, reply }: AnyDefinition, link: Link, steps: Iterator<unknown, void>, id: number): void {
    if (reply === undefined && id === NO_ID) {
      return this.#work.begin(link, () => steps.next().done !== true);
    }
    const step = this.#replySteps(code, reply ?? EMPTY_REPLY, link, steps, id);
    if (id === NO_ID || reply === undefined) return this.#work.begin(link, step);
    // Nothing follows from the order in which questions are answered: the others need not wait.
    this.#work.beginBeside(link, failing(step, link, id), MOST_LONG_QUESTIONS);
  }

  /** The parts of the reply, written one after another, are the reply. */
  #replySteps(code: number, codec: ReplyCodec, link: Link, parts: Iterator<unknown, void>, id: number): Step {
    const frame = new GatheredFrame();
    if (id !== NO_ID) frame.add((writer) => writeReplyHead(writer, id));
    return () => {
      // Nobody would get it.
      if (link.state !== 'open') return false;
      const { done, value } = parts.next();
      if (done === true) {
        link.sendGathered(frame);
        return false;
      }
      frame.add((writer) => codec.write(writer, value));
      if (frame.frameBytes > this.maxReplyBytes) this.#refuseReply(code, frame.frameBytes);
      return true;
    };
  }

  #countSessionWrites({ definition, run }: Entry): void {
    this.#addOwn(definition, (request, caller) => {
      run(request, caller);
      this.context.sessionWritten(caller);
    });
  }

  /** A command of the protocol itself. */
  #addOwn(definition: AnyDefinition, run: Run): void {
    this.#entries[definition.code] = { definition, run, isCustom: false };
  }

  #addCustom(command: CustomCommand, run: Run): void {
    const { definition } = command;
    const { code } = definition;
    if (!isCustomCode(code)) {
      throw new InvalidOptionError(
        'gateway.commands',
        `has a command with the code ${code}. Give it one from 100 to 199: the others belong to the protocol.`,
      );
    }
    if (this.#entries[code] !== undefined) {
      throw new InvalidOptionError(
        'gateway.commands',
        `has two commands with the code ${code}. Give one another.`,
      );
    }
    this.#entries[code] = { definition, run, isCustom: true };
  }

  /** Its codecs are the application's: a request that they cannot read says nothing of the link, whose frames are whole. */
  #runCustom({ definition, run }: Entry, payload: ByteReader, link: Link, id: number): void {
    const { code, reply: codec } = definition;
    try {
      const reply = run(readRequest(payload, definition), link);
      if (reply instanceof Promise) this.#refusePromise(definition, link, reply, id);
      else if (codec !== undefined || id !== NO_ID)
        this.#writeReply(code, codec ?? EMPTY_REPLY, link, reply, id);
    } catch (error) {
      this.#failed(definition, link, error);
      if (error instanceof UnanswerableError) throw error;
      if (codec !== undefined || id !== NO_ID)
        throw new UnanswerableError(code, 'could not be answered', ReplyFailure.Failed, error);
    }
  }

  /** An async `execute` compiles. Its rejection must not end the process, and its answer would come after later ones. */
  #refusePromise(definition: AnyDefinition, link: Link, promise: Promise<unknown>, id: number): void {
    promise.catch((error: unknown) => this.#failed(definition, link, error));
    if (definition.reply !== undefined || id !== NO_ID) {
      throw new TypeError(
        `"execute" of command ${definition.code} must return its reply, not a promise of it`,
      );
    }
  }

  #failed({ code }: AnyDefinition, link: Link, error: unknown): void {
    this.context.stats.failedCommands++;
    this.log.error(`Custom command ${code} failed: ${inspect(error)}`, { code, peer: link.peer });
  }

  #writeReply(code: number, codec: ReplyCodec, link: Link, reply: unknown, id: number): void {
    const writer = link.beginFrame();
    try {
      if (id !== NO_ID) writeReplyHead(writer, id);
      codec.write(writer, reply);
    } catch (error) {
      link.abortFrame();
      throw new UnanswerableError(code, 'has a reply that cannot be written', ReplyFailure.Failed, error);
    }
    if (writer.frameBytes > this.maxReplyBytes) {
      const { frameBytes } = writer;
      link.abortFrame();
      this.#refuseReply(code, frameBytes);
    }
    this.#repliedBytes += writer.frameBytes;
    link.endFrame();
    if (this.#repliedBytes < REPLY_BYTES_A_TURN) return;
    this.#repliedBytes = 0;
    this.#work.begin(link, NOTHING_LEFT);
  }

  /** @param frameBytes or more: a reply in parts is not written any further */
  #refuseReply(code: number, frameBytes: number): never {
    this.context.stats.repliesTooBig++;
    throw new UnanswerableError(
      code,
      `cannot be answered: the reply has ${frameBytes} bytes, and a frame at most ${this.maxReplyBytes}. ` +
        'Ask for less at a time, or raise "link.maxFrameBytes" on all nodes.',
      ReplyFailure.TooLarge,
    );
  }

  #unknown(code: number, link: Link, id: number): void {
    this.context.stats.unknownCommands++;
    if (!this.#reported.has(code)) {
      this.#reported.add(code);
      this.log.warn(`Nobody executes command ${code}. Register it with the gateway module's "commands".`, {
        code,
        peer: link.peer,
      });
    }
    if (id !== NO_ID || !this.context.isWorker(link))
      throw new UnanswerableError(code, 'is not known here', ReplyFailure.UnknownCommand);
  }
}

/** A question that fails half way is answered so: its caller's other questions have nothing to do with it. */
function failing(step: Step, link: Link, id: number): Step {
  return () => {
    try {
      return step();
    } catch (error) {
      writeFailure(link, id, error);
      return false;
    }
  };
}
