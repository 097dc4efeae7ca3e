/**
 * Everything in which our services answer otherwise than the original, on purpose. Whatever is not named here must be as it was
 * recorded, to the byte; each entry is used by exactly the replay it names, and a replay fails when one of its entries is not used.
 */
export const GATEWAY_DEVIATIONS = {
  upgradeAnswer:
    'The 101 answer has no Server, Date and Sec-WebSocket-Version headers: nothing reads them. Its meaning is compared.',
  noControlFramesAsMessages:
    "A client's close frame is no Message event (opcode 8): a worker is told by the Close event, and protocol.md section 5 forbids to send it.",
  closeFrameToClosedClient:
    'closeClient sends a close frame with 4004 where the original cut the connection (the client saw 1006). What a worker sends after it comes too late: a WebSocket ends with its close frame.',
  parkedWithoutWorker:
    'What a client sends while there is no worker waits and is delivered to the next one. The original lost it.',
  connectionIds:
    'Connection ids are our own (slot and generation); the original counts from 1 after each start, so that a stale id reaches a stranger. They are mapped.',
  systemFacts:
    "GetClientInfo's system has the facts that we promise, under the original's names; the others are inner affairs of Swoole's.",
} as const;

export const WORKER_DEVIATIONS = {
  controlFramesIgnored:
    "A close or ping frame that the original's gateway passes on as a Message (opcode 8 or 9) runs no handler.",
  commandLinkAtOnce:
    'The command link is dialled when the gateway becomes known, not when the first command is sent, and there is one a gateway instead of a pool.',
  clientInfoFields:
    'getClientInfo asks for the six fields there are (63), the original for 255: the upper bits mean nothing.',
  uidCountWithoutSample:
    'getUidCount asks for samples only where it is to estimate: it is exact by default, and the original estimated.',
} as const;

export type GatewayDeviation = keyof typeof GATEWAY_DEVIATIONS;
export type WorkerDeviation = keyof typeof WORKER_DEVIATIONS;

/** Keeps which deviations a replay has met, so that none outlives its reason. */
export class Deviations<Name extends string> {
  readonly #met = new Set<Name>();

  constructor(private readonly known: Readonly<Record<Name, string>>) {}

  met(name: Name): void {
    this.#met.add(name);
  }

  /** Names of those that never occurred. */
  get unused(): Name[] {
    return (Object.keys(this.known) as Name[]).filter((name) => !this.#met.has(name));
  }
}
