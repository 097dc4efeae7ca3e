import {
  applyDecorators,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type INestMicroservice,
  type Provider,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { afterEach, describe, expect, it } from 'vitest';

import {
  handlersWith,
  Journal,
  JournalFilter,
  JournalGuard,
  JournalInterceptor,
  JournalPipe,
  ProbePipe,
  RequestGuard,
} from './test/enhancers.js';
import { OnClose, OnConnect, OnMessage } from './index.js';
import type { LoopbackGateway } from './test/loopback-gateway.js';
import { closeWorkers, startWorker } from './test/start-worker.js';

const LEVELS = ['method', 'class', 'global', 'useGlobal'] as const;
type Level = (typeof LEVELS)[number];

/** How each kind of event is caused, and what its handler gets. */
const KINDS = {
  connect: {
    on: OnConnect(),
    cause: (gateway: LoopbackGateway) => gateway.connect(1),
    sees: 'connect undefined',
  },
  raw: {
    on: OnMessage(),
    cause: (gateway: LoopbackGateway) => gateway.text(1, 'hello'),
    sees: 'message hello',
  },
  event: {
    on: OnMessage('say'),
    cause: (gateway: LoopbackGateway) => gateway.say(1, 'say', 'hi', 7),
    sees: 'message hi',
  },
  close: { on: OnClose(), cause: (gateway: LoopbackGateway) => gateway.close(1), sees: 'close undefined' },
} as const;
type Kind = keyof typeof KINDS;

const MODES = [
  { mode: 'own pipeline', hideInternals: false },
  { mode: "Nest's public way", hideInternals: true },
];
const CELLS = MODES.flatMap((mode) =>
  LEVELS.flatMap((level) => (Object.keys(KINDS) as Kind[]).map((kind) => ({ ...mode, level, kind }))),
);
type Cell = (typeof CELLS)[number];

interface Enhancer {
  readonly bind: () => MethodDecorator & ClassDecorator;
  readonly provider: Provider;
  readonly use?: (app: INestMicroservice, journal: Journal) => void;
}

const GUARD: Enhancer = {
  bind: () => UseGuards(JournalGuard),
  provider: { provide: APP_GUARD, useClass: JournalGuard },
  use: (app, journal) => void app.useGlobalGuards(new JournalGuard(journal)),
};
const PIPE: Enhancer = {
  bind: () => UsePipes(JournalPipe),
  provider: { provide: APP_PIPE, useClass: JournalPipe },
  use: (app, journal) => void app.useGlobalPipes(new JournalPipe(journal)),
};
const INTERCEPTOR: Enhancer = {
  bind: () => UseInterceptors(JournalInterceptor),
  provider: { provide: APP_INTERCEPTOR, useClass: JournalInterceptor },
  use: (app, journal) => void app.useGlobalInterceptors(new JournalInterceptor(journal)),
};
const FILTER: Enhancer = {
  bind: () => UseFilters(JournalFilter),
  provider: { provide: APP_FILTER, useClass: JournalFilter },
  use: (app, journal) => void app.useGlobalFilters(new JournalFilter(journal)),
};
const PROBE: Enhancer = {
  bind: () => UsePipes(ProbePipe),
  provider: { provide: APP_PIPE, useClass: ProbePipe },
  use: (app, journal) => void app.useGlobalPipes(new ProbePipe(journal)),
};
const REQUEST_SCOPED: Enhancer = {
  bind: () => UseGuards(RequestGuard),
  provider: { provide: APP_GUARD, useClass: RequestGuard, scope: Scope.REQUEST },
};

interface Outcome {
  readonly lines: readonly string[];
  /** What the sender of the event was answered. */
  readonly reply: unknown;
  readonly gateway: LoopbackGateway;
}

/** Causes one event in an application that has the enhancer at that level. */
async function run(
  { level, kind, hideInternals }: Cell,
  enhancer: Enhancer,
  prepare?: (journal: Journal) => void,
): Promise<Outcome> {
  const { on, cause } = KINDS[kind];
  const boundTo = (at: Level): MethodDecorator & ClassDecorator =>
    level === at ? enhancer.bind() : applyDecorators();
  const { gateway, app, strategy } = await startWorker({
    providers: [
      Journal,
      handlersWith(on, boundTo('method'), boundTo('class')),
      ...(level === 'global' ? [enhancer.provider] : []),
    ],
    hideInternals,
    configure: (made) => level === 'useGlobal' && enhancer.use?.(made, made.get(Journal)),
  });
  const journal = app.get(Journal);
  prepare?.(journal);
  cause(gateway);
  await strategy.close(); // waits for the handler
  const [sent] = gateway.sent;
  return { lines: journal.lines, gateway, reply: sent && (JSON.parse(sent.message) as unknown) };
}

/** What the handler notes, and what its sender is answered. */
function handled(
  { kind }: Cell,
  change: { payload?: string; probe?: string; answer?: string } = {},
): {
  line: string;
  reply: unknown;
} {
  const [type, payload] = KINDS[kind].sees.split(' ');
  const line = `handler ${change.payload ?? payload} / ${change.probe ?? `probe ${type} handle`} / true`;
  return { line, reply: kind === 'event' ? { id: 7, data: change.answer ?? 'result' } : undefined };
}

afterEach(closeWorkers);

describe.each(CELLS)('$mode, bound to $level, on $kind', (cell) => {
  const { sees } = KINDS[cell.kind];
  const [type, payload] = sees.split(' ');
  const isEvent = cell.kind === 'event';

  it('a guard runs before the handler', async () => {
    const { lines, reply } = await run(cell, GUARD);
    expect(lines).toEqual([`guard ${sees}`, handled(cell).line]);
    expect(reply).toEqual(handled(cell).reply);
  });

  it('a guard that says no keeps the handler from running', async () => {
    const { lines, reply, gateway } = await run(cell, GUARD, (journal) => (journal.isDenying = true));
    expect(lines).toEqual([`guard ${sees}`]);
    const error = { code: 'FORBIDDEN', message: 'Forbidden resource' };
    expect(reply).toEqual(isEvent ? { id: 7, error } : undefined);
    expect(gateway.closed).toEqual(cell.kind === 'connect' ? [gateway.idOf(1)] : []);
  });

  it('a pipe changes the payload, and the payload only', async () => {
    const { lines, reply } = await run(cell, PIPE);
    expect(lines).toEqual([`pipe ${payload}`, handled(cell, { payload: `piped ${payload}` }).line]);
    expect(reply).toEqual(handled(cell).reply);
  });

  it('an interceptor wraps the handler and changes the answer', async () => {
    const { lines, reply } = await run(cell, INTERCEPTOR);
    expect(lines).toEqual([`before ${type}`, handled(cell).line, 'after']);
    expect(reply).toEqual(handled(cell, { answer: 'intercepted result' }).reply);
  });

  it('a filter takes the exception, and its value is the answer', async () => {
    const { lines, reply } = await run(cell, FILTER, (journal) => (journal.isFailing = true));
    expect(lines).toEqual([handled(cell).line, `filter ${type} as asked`]);
    const told = isEvent && { id: 7, error: { code: 'FILTERED', message: 'as asked' } };
    expect(reply).toEqual(told && cell.hideInternals ? { id: 7, data: told.error } : told || undefined);
  });

  it('the value of a custom param decorator goes through the pipes', async () => {
    const probe = `probe ${type} handle`;
    const { lines, reply } = await run(cell, PROBE);
    expect(lines).toEqual([`pipe ${probe}`, handled(cell, { probe: `piped ${probe}` }).line]);
    expect(reply).toEqual(handled(cell).reply);
  });
});

// Nest makes request-scoped enhancers itself: there is none to hand over with `useGlobalGuards`.
const SCOPED_CELLS = CELLS.filter(({ level }) => level !== 'useGlobal');

describe.each(SCOPED_CELLS)('$mode, bound to $level, on $kind', (cell) => {
  const [type] = KINDS[cell.kind].sees.split(' ');

  it('a request-scoped guard is made for the event', async () => {
    const { lines, reply } = await run(cell, REQUEST_SCOPED);
    expect(lines).toEqual([expect.stringMatching(`^request true ${type} \\d+$`), handled(cell).line]);
    expect(reply).toEqual(handled(cell).reply);
  });

  it('a request-scoped guard can say no', async () => {
    const { lines, gateway } = await run(cell, REQUEST_SCOPED, (journal) => (journal.isDenying = true));
    expect(lines).toEqual([expect.stringMatching(/^request/)]);
    expect(gateway.closed).toEqual(cell.kind === 'connect' ? [gateway.idOf(1)] : []);
  });
});
