import { PartialResultError, type GatewayFailure } from './errors.js';
import type { GatewayNode } from './gateway-node.js';

/** What several gateways said, in the order in which they were asked, and who said nothing. */
export interface Answers<Answer> {
  readonly answers: readonly Answer[];
  readonly failures: readonly GatewayFailure[];
}

/** Asks all of them at once, and waits for each of them. */
export async function askAll<Answer>(
  nodes: readonly GatewayNode[],
  ask: (node: GatewayNode) => Promise<Answer>,
): Promise<Answers<Answer>> {
  const outcomes = await Promise.allSettled(nodes.map((node) => ask(node)));
  const answers: Answer[] = [];
  const failures: GatewayFailure[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') answers.push(outcome.value);
    else failures.push(failureOf(nodes[index]!, outcome.reason));
  }
  return { answers, failures };
}

/** True as soon as one of them says so; otherwise what all of them said together. */
export async function askUntilTrue(
  nodes: readonly GatewayNode[],
  ask: (node: GatewayNode) => Promise<boolean>,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const first = async (node: GatewayNode): Promise<void> => {
      if (await ask(node)) resolve(true);
    };
    // Asked in the turn of the call, as every question is; a promise that is resolved already ignores what follows.
    void askAll(nodes, first).then(({ failures }) => {
      if (failures.length === 0) resolve(false);
      else reject(new PartialResultError(false, failures));
    });
  });
}

/**
 * The value, if every gateway has had its part in it.
 * @throws PartialResultError otherwise, with the value
 */
export function whole<Value>(value: Value, failures: readonly GatewayFailure[]): Value {
  if (failures.length > 0) throw new PartialResultError(value, failures);
  return value;
}

export function failureOf({ address }: GatewayNode, reason: unknown): GatewayFailure {
  return { gateway: address, cause: reason instanceof Error ? reason : new Error(String(reason)) };
}
