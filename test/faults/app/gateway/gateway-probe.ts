import type { Gateway } from '#gateway';

/** What a gateway says of itself. */
export interface GatewayProbe {
  readonly clients: number;
  readonly workers: number;
  readonly parkedEvents: number;
  readonly stats: Readonly<Record<string, number>>;
  /** How often each close code was given to a client. */
  readonly closedWith: Readonly<Record<string, number>>;
}

export function gatewayProbe({ table, workers, parkedEvents, stats }: Gateway): GatewayProbe {
  const { closedWith, ...counters } = stats;
  return {
    clients: table.size,
    workers: workers.size,
    parkedEvents,
    stats: Object.fromEntries(
      Object.entries(counters).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
    ),
    closedWith,
  };
}
