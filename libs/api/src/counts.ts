import { COMMANDS, InvalidArgumentError, type ByteString, type UidCountReply } from '#protocol';
import type { QuestionDefinition } from './definition.js';
import { askAll, askUntilTrue, whole, type Answers } from './fan-out.js';
import type { GatewayPool } from './gateway-pool.js';

/** Numbers over all gateways. Each rejects with a PartialResultError when a gateway did not have its part in it. */
export class Counts {
  readonly #pool: GatewayPool;

  constructor(pool: GatewayPool) {
    this.#pool = pool;
  }

  /** Each client is on one gateway: the counts add up. */
  sum<Request>(definition: QuestionDefinition<Request, number>, request: Request): Promise<number> {
    return this.#pool.askWhenReady(async () => {
      const { answers, failures } = await askAll(this.#pool.members, (node) =>
        node.ask(definition, request, (count) => count),
      );
      return whole(total(answers), failures);
    });
  }

  /** A uid may have clients on several gateways, and is one. */
  distinct<Request>(
    definition: QuestionDefinition<Request, ByteString[]>,
    request: Request,
  ): Promise<number> {
    return this.#pool.askWhenReady(async () => {
      const uids = new Set<ByteString>();
      const { failures } = await askAll(this.#pool.members, (node) =>
        node.ask(definition, request, (names) => {
          for (const name of names) uids.add(name);
        }),
      );
      return whole(uids.size, failures);
    });
  }

  isUidOnline(uid: ByteString): Promise<boolean> {
    return this.#pool.askWhenReady(() =>
      askUntilTrue(this.#pool.members, (node) =>
        node.ask(COMMANDS.getClientListByUid, { uid }, (connectionIds) => connectionIds.length > 0),
      ),
    );
  }

  /** Exact. Where there is one gateway only, it has counted already; otherwise their lists have to be laid over each other. */
  uids(): Promise<number> {
    return this.#pool.askWhenReady(() =>
      this.#pool.members.length > 1 ? this.distinct(COMMANDS.getUidList, undefined) : this.#uidsByShare(1),
    );
  }

  /**
   * Estimated. A uid with clients on several gateways is counted on each of them, so the sum is cut down to the share of uids
   * that are distinct: the share that the caller gives, or that of the samples of up to 100 uids that each gateway sends along.
   */
  async estimatedUids(share: number | true): Promise<number> {
    if (share !== true && !(share > 0 && share <= 1)) {
      throw new InvalidArgumentError('sample', `must be true or a share above 0 and up to 1, not ${share}.`);
    }
    return share === true ? this.#uidsBySample() : this.#uidsByShare(share);
  }

  #uidsByShare(share: number): Promise<number> {
    return this.#pool.askWhenReady(async () => {
      const { answers, failures } = await this.#askUidCounts(false);
      return whole(Math.floor(total(answers.map(({ count }) => count)) * share), failures);
    });
  }

  #uidsBySample(): Promise<number> {
    return this.#pool.askWhenReady(async () => {
      const { answers, failures } = await this.#askUidCounts(true);
      const sum = total(answers.map(({ count }) => count));
      const sampled = answers.flatMap(({ sample }) => sample);
      const distinct = new Set(sampled).size;
      return whole(sampled.length === 0 ? sum : Math.floor((sum * distinct) / sampled.length), failures);
    });
  }

  #askUidCounts(sample: boolean): Promise<Answers<UidCountReply>> {
    return askAll(this.#pool.members, (node) => node.ask(COMMANDS.getUidCount, { sample }, (reply) => reply));
  }
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
