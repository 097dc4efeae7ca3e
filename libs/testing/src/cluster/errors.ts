import { NestwireError } from '#protocol';

/** A test cluster did not become what was waited for. */
export class ClusterTimeoutError extends NestwireError {
  override readonly name = 'ClusterTimeoutError';
  readonly code = 'ERR_NESTWIRE_TEST_CLUSTER_TIMEOUT';
  constructor(
    readonly timeoutMs: number,
    what: string,
  ) {
    super(`Waited ${timeoutMs} ms in vain until ${what}. Heal the faults that keep the nodes apart first.`);
  }
}
