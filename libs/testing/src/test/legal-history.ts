import fc from 'fast-check';
import { Checker, type Handling, type Moment } from '../checker/checker.js';
import { CLOSE, CONNECT, type ExpectedEnd } from '../checker/client-history.js';

/** One call of a checker's method, so that a history can be changed before it is judged. */
export type Entry =
  | { readonly do: 'connected' | 'sent'; readonly client: string }
  | { readonly do: 'handled'; readonly client: string; readonly handling: Handling }
  | { readonly do: 'answered'; readonly client: string; readonly sequence: number }
  | { readonly do: 'expectEnd'; readonly client: string; readonly how: ExpectedEnd }
  | { readonly do: 'disconnected'; readonly client: string }
  | {
      readonly do: 'joined' | 'left' | 'bound';
      readonly client: string;
      readonly name: string;
      readonly moment: Moment;
    }
  | { readonly do: 'workerLost' | 'workerBack'; readonly worker: string; readonly atMs: number }
  | { readonly do: 'linkBroken'; readonly atMs: number };

export interface History {
  readonly entries: readonly Entry[];
  readonly listing: { readonly groups: Record<string, string[]>; readonly uids: Record<string, string[]> };
}

/** A checker that was told all of it. */
export function told({ entries, listing }: History): Checker {
  const checker = new Checker();
  for (const entry of entries) tell(checker, entry);
  checker.listed(listing);
  return checker;
}

function tell(checker: Checker, entry: Entry): void {
  switch (entry.do) {
    case 'connected':
    case 'disconnected':
      return checker[entry.do](entry.client);
    case 'sent':
      return void checker.sent(entry.client);
    case 'handled':
      return checker.handled(entry.client, entry.handling);
    case 'answered':
      return checker.answered(entry.client, entry.sequence);
    case 'expectEnd':
      return checker.expectEnd(entry.client, entry.how);
    case 'joined':
    case 'left':
    case 'bound':
      return checker[entry.do](entry.client, entry.name, entry.moment);
    case 'workerLost':
    case 'workerBack':
      return checker[entry.do](entry.worker, entry.atMs);
    case 'linkBroken':
      return checker.linkBroken(entry.atMs);
  }
}

interface Pending {
  readonly sequence: number;
  isMarked: boolean;
  isHandled: boolean;
  isAnswered: boolean;
}

interface SimulatedClient {
  readonly name: string;
  worker: string;
  sent: number;
  isOnline: boolean;
  isDead: boolean;
  /** Not acknowledged, in order. */
  pending: Pending[];
  readonly groups: Set<string>;
  uid: string;
}

type Step =
  | {
      readonly do: 'send' | 'handle' | 'answer' | 'acknowledge' | 'move' | 'close' | 'die';
      readonly which: number;
    }
  | { readonly do: 'kill' | 'breakLink' | 'pause'; readonly which: number };

/** Workers, and clients that keep to all the promises, whatever is lost. */
class Simulation {
  readonly entries: Entry[] = [];
  readonly clients: SimulatedClient[] = [];
  #workers = ['w0', 'w1'];
  #made = 2;
  #timeMs = 0;

  constructor(clients: number) {
    for (let number = 0; number < clients; number++) this.#connect(`c${number}`);
  }

  run({ do: what, which }: Step): void {
    const client = this.clients[which % this.clients.length]!;
    const worker = this.#workers[which % this.#workers.length]!;
    if (what === 'kill' || what === 'pause') return this.#lose(worker, what === 'pause');
    if (what === 'breakLink') return this.#breakLink(worker);
    this.#act(client, what, which);
  }

  /** Everything that waits is done. */
  finish(): void {
    for (const client of this.clients) {
      while (client.pending.length > 0) this.#settle(client);
    }
  }

  listing(): History['listing'] {
    const groups: Record<string, string[]> = {};
    const uids: Record<string, string[]> = {};
    for (const { name, uid, groups: joined, isOnline } of this.clients) {
      if (!isOnline) continue;
      for (const group of joined) (groups[group] ??= []).push(name);
      if (uid !== '') (uids[uid] ??= []).push(name);
    }
    return { groups, uids };
  }

  #connect(name: string): void {
    const worker = this.#workers[this.clients.length % this.#workers.length]!;
    const client = {
      name,
      worker,
      sent: 0,
      isOnline: true,
      isDead: false,
      pending: [],
      groups: new Set<string>(),
      uid: '',
    };
    this.clients.push(client);
    this.entries.push({ do: 'connected', client: name });
    this.#deliver(client, CONNECT);
  }

  #act(client: SimulatedClient, what: Step['do'], which: number): void {
    const { name } = client;
    switch (what) {
      case 'send':
        if (!client.isOnline) return;
        this.entries.push({ do: 'sent', client: name });
        return this.#deliver(client, ++client.sent);
      case 'handle':
        return this.#handle(client);
      case 'answer':
        return this.#answer(client);
      case 'acknowledge':
        client.pending = client.pending.filter(({ isAnswered }) => !isAnswered);
        return;
      case 'move':
        if (client.pending.length === 0) client.worker = this.#workers[(which + 1) % this.#workers.length]!;
        return;
      case 'close':
        return this.#end(client, 'closes');
      case 'die':
        return this.#end(client, 'dies');
    }
  }

  #deliver(client: SimulatedClient, sequence: number): void {
    client.pending.push({ sequence, isMarked: false, isHandled: false, isAnswered: false });
  }

  #handle(client: SimulatedClient): void {
    const running = client.pending.findIndex(({ isHandled, isAnswered }) => isHandled && !isAnswered);
    const next = client.pending.find(({ isHandled }) => !isHandled);
    if (running >= 0 || next === undefined) return;
    next.isHandled = true;
    const { sequence, isMarked: isRedelivered } = next;
    const moment = { worker: client.worker, atMs: this.#tick() };
    const kind = sequence === CONNECT ? 'connect' : sequence === CLOSE ? 'close' : 'message';
    this.entries.push({
      do: 'handled',
      client: client.name,
      handling:
        kind === 'message'
          ? { kind, sequence, isRedelivered, ...moment }
          : { kind, isRedelivered, ...moment },
    });
    if (kind === 'message') this.#change(client, sequence);
    else next.isAnswered = true;
  }

  /** Each message does something to the memberships, the same one when it is handled again. */
  #change(client: SimulatedClient, sequence: number): void {
    const moment = { worker: client.worker, atMs: this.#tick() };
    const group = `g${sequence % 3}`;
    const note = (what: 'joined' | 'left' | 'bound', name: string): unknown =>
      this.entries.push({ do: what, client: client.name, name, moment });
    if (sequence % 4 === 0) {
      client.groups.delete(group);
      note('left', group);
    } else if (sequence % 4 === 1) {
      client.groups.add(group);
      note('joined', group);
    } else if (sequence % 4 === 2) {
      client.uid = sequence % 8 === 2 ? `u${sequence}` : '';
      note('bound', client.uid);
    }
  }

  #answer(client: SimulatedClient): void {
    const running = client.pending.find(({ isHandled, isAnswered }) => isHandled && !isAnswered);
    if (running === undefined) return;
    running.isAnswered = true;
    if (client.isOnline)
      this.entries.push({ do: 'answered', client: client.name, sequence: running.sequence });
  }

  #settle(client: SimulatedClient): void {
    this.#handle(client);
    this.#answer(client);
    client.pending = client.pending.filter(({ isAnswered }) => !isAnswered);
  }

  #end(client: SimulatedClient, how: ExpectedEnd): void {
    if (!client.isOnline) return;
    client.isOnline = false;
    this.entries.push({ do: 'expectEnd', client: client.name, how });
    this.entries.push({ do: 'disconnected', client: client.name });
    // With its gateway: what had begun goes on, and nothing more comes.
    if (how === 'dies') client.pending = client.pending.filter(({ isHandled }) => isHandled);
    else this.#deliver(client, CLOSE);
  }

  #lose(worker: string, handlesLate: boolean): void {
    this.entries.push({ do: 'workerLost', worker, atMs: this.#tick() });
    const successor = `w${this.#made++}`;
    this.#workers = this.#workers.map((name) => (name === worker ? successor : name));
    for (const client of this.clients.filter((one) => one.worker === worker)) {
      const waiting = client.pending.find(({ isHandled }) => !isHandled);
      if (
        handlesLate &&
        waiting !== undefined &&
        waiting.sequence !== CLOSE &&
        waiting.sequence !== CONNECT
      ) {
        const handling = { kind: 'message' as const, sequence: waiting.sequence, worker, atMs: this.#tick() };
        this.entries.push({ do: 'handled', client: client.name, handling });
      }
      this.#redeliver(client);
      client.worker = successor;
    }
  }

  #breakLink(worker: string): void {
    this.entries.push({ do: 'linkBroken', atMs: this.#tick() });
    for (const client of this.clients.filter((one) => one.worker === worker)) this.#redeliver(client);
  }

  #redeliver(client: SimulatedClient): void {
    client.pending = client.pending.map(({ sequence }) => ({
      sequence,
      isMarked: true,
      isHandled: false,
      isAnswered: false,
    }));
  }

  #tick(): number {
    return ++this.#timeMs;
  }
}

const which = fc.nat(40);
const stepOf = (what: Step['do'], weight: number) => ({
  weight,
  arbitrary: fc.record({ do: fc.constant(what), which }),
});
const steps = fc.array(
  fc.oneof(
    stepOf('send', 10),
    stepOf('handle', 10),
    stepOf('answer', 10),
    stepOf('acknowledge', 6),
    stepOf('move', 3),
    stepOf('close', 1),
    stepOf('die', 1),
    stepOf('kill', 1),
    stepOf('pause', 1),
    stepOf('breakLink', 1),
  ),
  { minLength: 10, maxLength: 150 },
);

/** What clients and handlers see while all promises are kept. */
export const legalHistories: fc.Arbitrary<History> = steps.map((sequence) => {
  const simulation = new Simulation(3);
  for (const step of sequence) simulation.run(step);
  simulation.finish();
  return { entries: simulation.entries, listing: simulation.listing() };
});
