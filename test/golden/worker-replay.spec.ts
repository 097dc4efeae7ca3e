import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RECORDED_WORKER_EVENTS, type RecordedWorkerEvent } from './golden-data.js';
import type { SeenEvent } from './recorded-worker.handlers.js';
import { recordedConnection, TIMELINE } from './recorded-timeline.js';
import { WorkerReplay } from './worker-replay.js';

const CLOSE_FRAME = 8;
const TEXT = 1;
const DATA_BYTES_IN_ROW = 64;
/** Frames of the original's worker, but for its pings. */
const EXPECTED_FRAMES = 91;

/** Names of the frames that were sent by connections whose role begins so. */
function framesOf(role: string): string[] {
  return TIMELINE.filter((moment) => moment.kind === 'data')
    .filter(({ conn, dir }) => dir === 'c2s' && recordedConnection(conn).role.startsWith(role))
    .flatMap(({ frames }) => frames ?? [])
    .map(({ name }) => name);
}

describe('the recorded conversation with our worker, a PHP register and a PHP gateway', () => {
  let replay: WorkerReplay;

  beforeAll(async () => {
    replay = await WorkerReplay.create();
  });

  afterAll(() => replay.close());

  it('is led as the original led it: our worker works for an unchanged PHP gateway', async () => {
    for (const moment of TIMELINE) await replay.play(moment);
    await replay.close();
  });

  it('compared every frame that the worker sent', () => {
    const sent = framesOf('worker').filter((name) => name.toUpperCase() !== 'PING');
    expect(sent).toHaveLength(EXPECTED_FRAMES);
    expect(replay.compared.toSorted()).toEqual(sent.toSorted());
  });

  it('showed the handlers what the original showed its own', () => {
    const recorded = RECORDED_WORKER_EVENTS.filter(({ opcode }) => opcode !== CLOSE_FRAME);
    expect(RECORDED_WORKER_EVENTS.length - recorded.length).toBe(1);
    expect(replay.seen.map(rowOf)).toEqual(recorded.map(recordedRowOf));
  });

  it('said nothing that the original did not say', () => {
    replay.expectNothingUnread();
  });

  it('met every deviation that is listed', () => {
    expect(replay.deviations.unused).toEqual([]);
  });
});

/** A row as our handlers can know it, compared field by field. */
function rowOf({ event, client, session, request, bind, isText, data }: SeenEvent): Record<string, unknown> {
  return {
    event,
    client,
    session: { ...(session as object) },
    bind,
    isText,
    len: data?.length,
    data: data?.subarray(0, DATA_BYTES_IN_ROW).toString(),
    request: request && {
      method: request.method,
      path: request.path,
      queryString: request.queryString,
      query: { ...request.query },
      headers: { ...request.headers },
      cookies: { ...request.cookies },
      remote: [request.remoteAddress, request.remotePort],
      server: [request.serverAddress, request.serverPort],
      receivedAtMs: request.receivedAtMs,
    },
  };
}

interface RecordedRequest {
  readonly header: Readonly<Record<string, string>>;
  readonly server: Readonly<Record<string, string | number>>;
  readonly cookie: Readonly<Record<string, string>> | null;
  readonly get: Readonly<Record<string, string>> | null;
}

function recordedRowOf(row: RecordedWorkerEvent & { readonly session?: unknown }): Record<string, unknown> {
  const request = row.request as RecordedRequest | undefined;
  const server = request?.server ?? {};
  return {
    event: row.event,
    client: row.client,
    // PHP has one word for the empty list and the empty map.
    session: { ...(row.session as object) },
    bind: row.bind,
    isText: row.opcode === undefined ? undefined : row.opcode === TEXT,
    len: row.len,
    data: row.data,
    request: request && {
      method: server['request_method'],
      path: server['request_uri'],
      queryString: server['query_string'] ?? '',
      query: request.get ?? {},
      headers: request.header,
      cookies: request.cookie ?? {},
      remote: [server['remote_addr'], server['remote_port']],
      server: [server['server_addr'], server['server_port']],
      receivedAtMs: Math.round(Number(server['request_time_float']) * 1000),
    },
  };
}
