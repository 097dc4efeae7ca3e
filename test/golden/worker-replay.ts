import { expect } from 'vitest';
import { gatewayKey } from '#protocol';
import { frameOf } from './base-frames.js';
import { Deviations, WORKER_DEVIATIONS } from './deviations.js';
import { fromHex, type RecordedFrame } from './golden-data.js';
import { OurWorker } from './our-worker.js';
import type { PlayedConnection } from './played-connection.js';
import type { SeenEvent } from './recorded-worker.handlers.js';
import { ScriptedServer } from './scripted-server.js';
import {
  recordedConnection,
  type RecordedData,
  type RecordedMoment,
  type RecordedTurn,
} from './recorded-timeline.js';

const TO_REGISTER = 'worker->register';
const EVENT_CHANNEL = 'worker event channel';
const COMMAND_POOL = 'worker Api pool';
/** The gateway's own half of a client id, where the recorded gateway was reached. */
const RECORDED_KEY = '7f0000012394';
const RECORDED_PORT = Buffer.of(0x23, 0x94);
const RUN_TIME_MS = /(?<="ms":)[\d.]+(?=}$)/;

const GET_CLIENT_INFO = 7;
const GET_UID_COUNT = 13;

/**
 * Plays the PHP register and the PHP gateway with the recorded bytes in the recorded order, and compares what our worker
 * says. The next moment begins when the worker has said what was recorded: no clock is used.
 */
export class WorkerReplay {
  readonly deviations = new Deviations(WORKER_DEVIATIONS);
  /** Names of the frames that were compared. */
  readonly compared: string[] = [];
  readonly #connections = new Map<number, PlayedConnection>();
  readonly #key: string;
  /** Accepted already, and recorded as opened later. */
  #commandLink: PlayedConnection | undefined;

  private constructor(
    private readonly register: ScriptedServer,
    private readonly gateway: ScriptedServer,
    private readonly worker: OurWorker,
  ) {
    this.#key = gatewayKey({ host: '127.0.0.1', port: gateway.port });
  }

  static async create(): Promise<WorkerReplay> {
    const register = await ScriptedServer.create('register');
    return new WorkerReplay(register, await ScriptedServer.create('gateway'), new OurWorker(register.port));
  }

  /** What the handlers saw, with the recorded gateway's key in client ids. */
  get seen(): SeenEvent[] {
    return this.worker.seen.map((row) => ({
      ...row,
      client: row.client.replace(this.#key, RECORDED_KEY),
      ...(row.data === undefined ? {} : { data: withKey(row.data, this.#key, RECORDED_KEY) }),
    }));
  }

  async play(moment: RecordedMoment): Promise<void> {
    if (moment.kind === 'step') return this.#onStep(moment.step);
    const { role } = recordedConnection(moment.conn);
    if (![TO_REGISTER, EVENT_CHANNEL, COMMAND_POOL].some((known) => role.startsWith(known))) return;
    const isOurs = moment.dir === 'c2s';
    switch (moment.kind) {
      case 'syn':
        return this.#accept(moment.conn, role);
      case 'syn-ack':
        return;
      case 'fin':
        return isOurs ? this.#expectEnd(moment) : this.#connection(moment.conn).end();
      case 'data':
        return isOurs ? this.#compare(moment) : this.#send(moment);
    }
  }

  expectNothingUnread(): void {
    expect([this.register.surplus, this.gateway.surplus]).toEqual([0, 0]);
    for (const [conn, { unread }] of this.#connections) expect([conn, unread.length]).toEqual([conn, 0]);
  }

  async close(): Promise<void> {
    for (const connection of this.#connections.values()) connection.destroy();
    await this.worker.close();
    this.register.stop();
    this.gateway.stop();
  }

  async #onStep(step: string): Promise<void> {
    const { register, gateway, worker } = this;
    if (step === 'start register, gateway, worker') {
      await register.listen();
      await gateway.listen();
      // It is up when it is linked, which is played now.
      return void worker.start();
    }
    if (step === 'worker starts again') return void worker.start();
    if (step === 'register starts again') return register.listen();
    if (step === 'gateway starts again') return gateway.listen();
    if (step.startsWith('worker stops') || step === 'stop worker') return worker.stop();
    if (step.startsWith('gateway stops') || step === 'stop gateway') return gateway.stop();
    if (step.startsWith('register stops') || step === 'stop register') return register.stop();
  }

  async #accept(conn: number, role: string): Promise<void> {
    if (role === TO_REGISTER) return void this.#connections.set(conn, await this.register.connection());
    if (role.startsWith(COMMAND_POOL)) {
      this.#connections.set(conn, this.#commandLink!);
      this.#commandLink = undefined;
      return;
    }
    const links = [await this.gateway.connection(), await this.gateway.connection()];
    // The one that registers is the event link; the other says nothing before it is needed.
    const event = await Promise.race(
      links.map(async (link) => link.speaks('RegisterWorker').then(() => link)),
    );
    this.#connections.set(conn, event);
    this.#commandLink = links.find((link) => link !== event)!;
    this.deviations.met('commandLinkAtOnce');
  }

  #send({ conn, frames }: RecordedData): void {
    const isList = recordedConnection(conn).server === 'register';
    const payloads = frames!.map(({ load_hex: load }) => {
      const payload = fromHex(load);
      return isList ? withPort(payload, this.gateway.port) : withKey(payload, RECORDED_KEY, this.#key);
    });
    for (const { name, extra_hex: extra } of frames!) {
      if (name === 'EVENT_MESSAGE' && extra!.startsWith('08')) this.deviations.met('controlFramesIgnored');
    }
    this.#connection(conn).write(Buffer.concat(payloads.map(frameOf)));
  }

  async #compare({ n, conn, frames }: RecordedData): Promise<void> {
    for (const frame of frames!) {
      // Every 30 s, which nobody waits for here.
      if (frame.name.toUpperCase() === 'PING') continue;
      const what = `${frame.name}, packet ${n}`;
      const payload = await this.#connection(conn).payload(what);
      this.compared.push(frame.name);
      const said = withKey(payload, this.#key, RECORDED_KEY);
      expect([what, comparable(said)]).toEqual([what, comparable(this.#expected(frame))]);
    }
  }

  /** The recorded payload, but for what we mean to say otherwise. */
  #expected({ load_hex: load }: RecordedFrame): Buffer {
    const payload = fromHex(load);
    const code = payload.readUInt8(0);
    if (code === GET_CLIENT_INFO && payload.at(-1) === 0xff) {
      payload.writeUInt8(63, payload.length - 1);
      this.deviations.met('clientInfoFields');
    } else if (code === GET_UID_COUNT && payload.at(-1) === 1) {
      payload.writeUInt8(0, 1);
      this.deviations.met('uidCountWithoutSample');
    }
    return payload;
  }

  async #expectEnd({ conn, n }: RecordedTurn): Promise<void> {
    await this.#connection(conn).ended(`packet ${n}`);
  }

  #connection(conn: number): PlayedConnection {
    const connection = this.#connections.get(conn);
    if (connection === undefined) throw new Error(`Connection ${conn} was not opened`);
    return connection;
  }
}

/** A payload as text, without the run time in an answer of the test worker. */
function comparable(payload: Buffer): string {
  return payload.toString('latin1').replace(RUN_TIME_MS, '·');
}

/** A list of gateways in which the one there is has this port. */
function withPort(list: Buffer, port: number): Buffer {
  const at = list.indexOf(RECORDED_PORT);
  if (at > 0) list.writeUInt16BE(port, at);
  return list;
}

/** Client ids in texts: both gateways' keys are of the same length. */
function withKey(payload: Buffer, from: string, to: string): Buffer {
  return Buffer.from(payload.toString('latin1').replaceAll(from, to), 'latin1');
}
