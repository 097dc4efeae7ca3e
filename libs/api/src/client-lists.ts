import {
  COMMANDS,
  ProtocolError,
  formatClientId,
  parseClientId,
  textFromByteString,
  type ByteString,
  type ClientId,
} from '#protocol';
import type { QuestionDefinition } from './definition.js';
import { PartialResultError, type GatewayFailure } from './errors.js';
import { failureOf } from './fan-out.js';
import type { GatewayNode } from './gateway-node.js';
import type { GatewayPool } from './gateway-pool.js';

/** Items of one gateway. */
interface Stretch<Item> {
  readonly gateway: string;
  readonly items: readonly Item[];
}

/** What one gateway lists, behind the connection `from`; 0 is the beginning. */
type Lister<Item> = (node: GatewayNode, from: number) => AsyncGenerator<readonly Item[], void, undefined>;

/** Where to go on: behind a client that was listed before. */
interface Position {
  readonly gateway: string;
  readonly connectionId: number;
}

/**
 * Lists over all gateways, one gateway after another in the order of their keys, each asked when the loop gets there: so that a
 * loop may end anywhere and leave nothing pending, and no list of all is ever in memory.
 *
 * A gateway that does not answer is left out, and named in a PartialResultError after everything else has been handed out.
 */
export class ClientLists {
  readonly #pool: GatewayPool;

  constructor(pool: GatewayPool) {
    this.#pool = pool;
  }

  /**
   * All clients, by pages.
   * @throws InvalidArgumentError at once, for an `after` that is no client id
   */
  clients(limit: number, after: ClientId | undefined): AsyncGenerator<ClientId, void, undefined> {
    return this.#clientIds(after, async function* (node, from) {
      for (let previous = from; ;) {
        const page = await node.ask(COMMANDS.getClientList, { limit, after: previous }, same);
        const last = page.at(-1);
        if (last === undefined) return;
        if (last <= previous) {
          throw new ProtocolError(
            'ERR_NESTWIRE_MALFORMED',
            `A page of clients after connection ${previous} ends with connection ${last}`,
          );
        }
        yield page;
        previous = last;
      }
    });
  }

  /**
   * The clients that a question without pages lists.
   * @throws InvalidArgumentError at once, for an `after` that is no client id
   */
  clientsOf<Request>(
    definition: QuestionDefinition<Request, number[]>,
    request: Request,
    after: ClientId | undefined,
  ): AsyncGenerator<ClientId, void, undefined> {
    return this.#clientIds(after, async function* (node, from) {
      const connectionIds = await node.ask(definition, request, same);
      yield from === 0 ? connectionIds : connectionIds.filter((connectionId) => connectionId > from);
    });
  }

  /**
   * Uids or groups.
   * @param isUnique leave out what was listed already; all of them are remembered for that
   */
  async *names<Request>(
    definition: QuestionDefinition<Request, ByteString[]>,
    request: Request,
    isUnique: boolean,
  ): AsyncGenerator<string, void, undefined> {
    const listed = new Set<ByteString>();
    const list: Lister<ByteString> = async function* (node) {
      yield await node.ask(definition, request, same);
    };
    for await (const { items } of this.#each(undefined, list)) {
      for (const name of items) {
        if (listed.has(name)) continue;
        if (isUnique) listed.add(name);
        yield textFromByteString(name);
      }
    }
  }

  #clientIds(after: ClientId | undefined, list: Lister<number>): AsyncGenerator<ClientId, void, undefined> {
    const position = after === undefined ? undefined : parseClientId(after);
    return clientIdsOf(this.#each(position, list));
  }

  /** Everything that `list` finds on each gateway, in the stretches in which it came. */
  async *#each<Item>(
    position: Position | undefined,
    list: Lister<Item>,
  ): AsyncGenerator<Stretch<Item>, void, undefined> {
    const failures: GatewayFailure[] = [];
    let node = await this.#firstFrom(position?.gateway ?? '');
    while (node !== undefined) {
      const { key } = node;
      const from = key === position?.gateway ? position.connectionId : 0;
      try {
        for await (const items of list(node, from)) yield { gateway: key, items };
      } catch (error) {
        failures.push(failureOf(node, error));
      }
      // Gateways come and go while a long list is read: the next one is whoever is next now.
      node = this.#pool.members.find((member) => member.key > key);
    }
    if (failures.length > 0) throw new PartialResultError(undefined, failures);
  }

  /** The first gateway at or behind a key, once it is known which gateways there are. */
  #firstFrom(key: string): Promise<GatewayNode | undefined> {
    return this.#pool.askWhenReady(async () => this.#pool.members.find((node) => node.key >= key));
  }
}

async function* clientIdsOf(
  stretches: AsyncGenerator<Stretch<number>, void, undefined>,
): AsyncGenerator<ClientId, void, undefined> {
  for await (const { gateway, items } of stretches) {
    for (const connectionId of items) yield formatClientId(gateway, connectionId);
  }
}

function same<Answer>(answer: Answer): Answer {
  return answer;
}
