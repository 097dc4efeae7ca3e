import { inspect } from 'node:util';
import type { Link, NodeLog } from '#link';
import {
  COMMANDS,
  InvalidOptionError,
  isCustomCode,
  readRequest,
  type ByteReader,
  type ByteWriter,
  type CommandName,
} from '#protocol';
import { UnanswerableError } from '../errors.js';
import type { CustomCommand } from './custom-command.js';
import type { CommandContext } from './executor.js';
import { EXECUTORS } from './index.js';
import { TableCommandPort } from './table-command-port.js';

/** A command whose types have been checked against its executor, and are not needed any more. */
interface AnyDefinition {
  readonly code: number;
  readonly request: { read(reader: ByteReader): unknown };
  readonly reply?: { write(writer: ByteWriter, reply: unknown): void } | undefined;
}
type Run = (request: unknown, caller: Link) => unknown;

interface Entry {
  readonly definition: AnyDefinition;
  readonly run: Run;
  readonly isCustom: boolean;
}

const CODES = 256;

/** Finds the executor of each command that arrives, and sends its reply back on the same link. */
export class CommandDispatcher {
  readonly #entries: (Entry | undefined)[] = Array.from({ length: CODES });
  readonly #reported = new Set<number>();

  /** @throws InvalidOptionError for a custom code that is not 100–199, and when two commands have the same. */
  constructor(
    private readonly context: CommandContext,
    customCommands: readonly CustomCommand[],
    private readonly log: NodeLog,
    /** A larger one the caller would refuse, with its link. */
    private readonly maxReplyBytes: number,
  ) {
    for (const name of Object.keys(COMMANDS) as CommandName[]) {
      const execute = EXECUTORS[name] as (context: CommandContext, request: unknown, caller: Link) => unknown;
      this.#entries[COMMANDS[name].code] = {
        definition: COMMANDS[name],
        run: (request, caller) => execute(context, request, caller),
        isCustom: false,
      };
    }
    const port = new TableCommandPort(context);
    for (const command of customCommands)
      this.#addCustom(command, (request) => command.execute(port, request));
  }

  /** @throws ProtocolError, UnanswerableError: the link has to end */
  dispatch(payload: ByteReader, link: Link): void {
    const code = payload.u8();
    const entry = this.#entries[code];
    if (entry === undefined) return this.#unknown(code, link);
    if (entry.isCustom) return this.#runCustom(entry, payload, link);
    const { definition } = entry;
    const reply = entry.run(readRequest(payload, definition), link);
    if (definition.reply !== undefined) this.#writeReply(code, definition.reply, link, reply);
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
  #runCustom({ definition, run }: Entry, payload: ByteReader, link: Link): void {
    const { code, reply: codec } = definition;
    try {
      const reply = run(readRequest(payload, definition), link);
      if (reply instanceof Promise) this.#refusePromise(definition, link, reply);
      else if (codec !== undefined) this.#writeReply(code, codec, link, reply);
    } catch (error) {
      this.#failed(definition, link, error);
      if (codec !== undefined) throw new UnanswerableError(code, 'could not be answered', error);
    }
  }

  /** An async `execute` compiles. Its rejection must not end the process, and its answer would come after later ones. */
  #refusePromise(definition: AnyDefinition, link: Link, promise: Promise<unknown>): void {
    promise.catch((error: unknown) => this.#failed(definition, link, error));
    if (definition.reply !== undefined) {
      throw new TypeError(
        `"execute" of command ${definition.code} must return its reply, not a promise of it`,
      );
    }
  }

  #failed({ code }: AnyDefinition, link: Link, error: unknown): void {
    this.context.stats.failedCommands++;
    this.log.error(`Custom command ${code} failed: ${inspect(error)}`, { code, peer: link.peer });
  }

  #writeReply(code: number, codec: NonNullable<AnyDefinition['reply']>, link: Link, reply: unknown): void {
    const writer = link.beginFrame();
    try {
      codec.write(writer, reply);
    } catch (error) {
      link.abortFrame();
      throw new UnanswerableError(code, 'has a reply that cannot be written', error);
    }
    const { frameBytes } = writer;
    if (frameBytes > this.maxReplyBytes) {
      link.abortFrame();
      this.context.stats.repliesTooBig++;
      throw new UnanswerableError(
        code,
        `cannot be answered: the reply has ${frameBytes} bytes, and a frame at most ${this.maxReplyBytes}. ` +
          'Ask for less at a time, or raise "link.maxFrameBytes" on all nodes.',
      );
    }
    link.endFrame();
  }

  #unknown(code: number, link: Link): void {
    this.context.stats.unknownCommands++;
    if (!this.#reported.has(code)) {
      this.#reported.add(code);
      this.log.warn(`Nobody executes command ${code}. Register it with the gateway module's "commands".`, {
        code,
        peer: link.peer,
      });
    }
    if (!this.context.isWorker(link)) throw new UnanswerableError(code, 'is not known here');
  }
}
