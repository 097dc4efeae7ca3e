import {
  EXECUTORS,
  InSteps,
  sendToUid as executeSendToUid,
  TableCommandPort,
  type CommandContext,
  type CustomCommand,
} from '#gateway';
import type { Link } from '#link';
import {
  ByteReader,
  ByteWriter,
  COMMANDS,
  InvalidOptionError,
  isCustomCode,
  readRequest,
  sendToUid,
  type CommandName,
  type ReceivedOf,
} from '#protocol';
import { UnknownCommandError } from './errors.js';

interface Entry {
  readonly definition: {
    readonly code: number;
    readonly request: { read(reader: ByteReader): unknown };
    readonly reply?: { write(writer: ByteWriter, reply: unknown): void } | undefined;
  };
  run(request: unknown): unknown;
}

const FIRST_BYTES = 256;
/** Executors look at their caller only to make it a worker, which is no command here. */
const NO_CALLER = Object.freeze({}) as Link;

/** Runs the gateway's own executors, and the application's commands, on requests that are bytes: as they come over a link. */
export class CommandRunner {
  readonly #entries = new Map<number, Entry>();

  /** @throws InvalidOptionError for a custom code that is not 100–199, and when two commands have the same */
  constructor(context: CommandContext, customCommands: readonly CustomCommand[]) {
    for (const name of Object.keys(COMMANDS) as CommandName[]) {
      const execute = EXECUTORS[name] as (context: CommandContext, request: unknown, caller: Link) => unknown;
      this.#add({ definition: COMMANDS[name], run: (request) => execute(context, request, NO_CALLER) });
    }
    this.#entries.delete(COMMANDS.registerWorker.code);
    this.#add({
      definition: sendToUid,
      run: (request) => executeSendToUid(context, request as ReceivedOf<typeof sendToUid>),
    });
    const port = new TableCommandPort(context);
    for (const command of customCommands) this.#addCustom(command, port);
  }

  /**
   * @param body the request without its code; overwritten when this returns, as a link's memory is
   * @returns the reply, of a command that has one
   * @throws UnknownCommandError, ProtocolError, and what a custom command throws
   */
  run(code: number, body: Uint8Array): Buffer | undefined {
    const entry = this.#entries.get(code);
    if (entry === undefined) throw new UnknownCommandError(code);
    const { definition } = entry;
    const result = entry.run(readRequest(ByteReader.of(body), definition));
    body.fill(0xfe);
    const { reply } = definition;
    const writer = new ByteWriter(FIRST_BYTES);
    for (const part of partsOf(result)) reply?.write(writer, part);
    return reply === undefined ? undefined : writer.view();
  }

  #add(entry: Entry): void {
    this.#entries.set(entry.definition.code, entry);
  }

  #addCustom(command: CustomCommand, port: TableCommandPort): void {
    const { definition } = command;
    if (!isCustomCode(definition.code) || this.#entries.has(definition.code)) {
      throw new InvalidOptionError(
        'testWorker.commands',
        `has a command with the code ${definition.code}. Give each a code of its own from 100 to 199.`,
      );
    }
    this.#add({ definition, run: (request) => command.execute(port, request) });
  }
}

/** What takes several turns on a gateway is done at once here. */
function* partsOf(result: unknown): IterableIterator<unknown> {
  if (!(result instanceof InSteps)) return void (yield result);
  const { steps } = result as InSteps<unknown>;
  for (let step = steps.next(); step.done !== true; step = steps.next()) yield step.value;
}
