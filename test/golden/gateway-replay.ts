import { expect } from 'vitest';
import { FDS_IN_EVENT, fdsInCommand, fdsInReply, frameOf, withFds } from './base-frames.js';
import { Deviations, GATEWAY_DEVIATIONS } from './deviations.js';
import { fromHex, type RecordedFrame } from './golden-data.js';
import { OurServices } from './our-services.js';
import { PlayedConnection } from './played-connection.js';
import {
  comparableOpen,
  comparableSystem,
  comparableUpgradeAnswer,
  closeFrame,
  maskedCloseFrame,
} from './recorded-shapes.js';
import {
  recordedConnection,
  type RecordedData,
  type RecordedMoment,
  type RecordedTurn,
} from './recorded-timeline.js';

/** The gateway's own connections to the register: ours makes them, nobody has to play them. */
const GATEWAY_TO_REGISTER = 'gateway->register';
const CLOSED_BY_APPLICATION = 4004;
const CLOSE_REASON = 'closed by the application';

/** Packets after which, or in place of which, ours does something else: numbers of the recording. */
export const CLOSE_FRAME_AS_MESSAGE = 281;
export const REPLY_AFTER_CLOSE_CLIENT = 292;
const WORKER_IS_BACK = 351;
const SENT_WITHOUT_WORKER = 'two';

/**
 * Plays everyone but the register and the gateway (the PHP worker and its api, the clients) with the recorded bytes in the recorded
 * order, and compares what ours answer at each moment. The next moment begins when the last answer is there: no clock is used.
 */
export class GatewayReplay {
  readonly deviations = new Deviations(GATEWAY_DEVIATIONS);
  /** Numbers of the packets that were compared: a replay that compares nothing proves nothing. */
  readonly compared: number[] = [];
  readonly #connections = new Map<number, PlayedConnection>();
  /** Recorded connection id → ours, and back. */
  readonly #ours = new Map<number, number>();
  readonly #recorded = new Map<number, number>();
  #announcements = 0;

  constructor(private readonly services: OurServices) {}

  async play(moment: RecordedMoment): Promise<void> {
    if (moment.kind === 'step') return this.#onStep(moment.step);
    const { role } = recordedConnection(moment.conn);
    if (role === GATEWAY_TO_REGISTER) return this.#onGatewayToRegister(moment);
    const isOurs = moment.dir === 's2c';
    switch (moment.kind) {
      case 'syn':
        return this.#dial(moment.conn);
      case 'syn-ack':
        return;
      case 'fin':
        return isOurs ? this.#expectEnd(moment) : this.#connection(moment.conn).end();
      case 'data':
        return isOurs ? this.#compare(moment) : this.#send(moment);
    }
  }

  /** Nothing came that was not recorded. */
  expectNothingUnread(): void {
    for (const { name, unread } of this.#connections.values())
      expect([name, unread.length]).toEqual([name, 0]);
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.destroy();
  }

  async #onStep(step: string): Promise<void> {
    const { services } = this;
    if (step === 'start register, gateway, worker') {
      await services.startRegister();
      return services.startGateway();
    }
    if (step === 'register starts again') return services.startRegister();
    if (step === 'gateway starts again') return services.startGateway();
    if (step.startsWith('gateway stops') || step === 'stop gateway') return services.stopGateway();
    if (step.startsWith('register stops') || step === 'stop register') return services.stopRegister();
  }

  /** Ours dials by itself; what it says must be what the original said. Pings come every 30 s and are not waited for. */
  async #onGatewayToRegister(moment: RecordedTurn | RecordedData): Promise<void> {
    if (moment.kind !== 'data' || moment.frames?.[0]?.name === 'PING') return;
    const expected = fromHex(moment.hex);
    const heard = await this.services.tap.heard(this.#announcements++, expected.length);
    expect(heard.toString('hex')).toBe(moment.hex);
    this.compared.push(moment.n);
  }

  async #dial(conn: number): Promise<void> {
    const { role, server } = recordedConnection(conn);
    const port = {
      register: () => this.services.registerPort,
      'gateway-lan': () => this.services.lanPort,
      'gateway-ws': () => this.services.clientPort('ws'),
      'gateway-tcp': () => this.services.clientPort('tcp'),
    }[server]();
    this.#connections.set(conn, await PlayedConnection.dial(`connection ${conn}, ${role}`, port));
  }

  async #send({ n, conn, hex, frames }: RecordedData): Promise<void> {
    const connection = this.#connection(conn);
    if (recordedConnection(conn).server !== 'gateway-lan') return connection.write(fromHex(hex));
    const payloads = frames!.map(({ load_hex: load }) => fromHex(load));
    const mapped = payloads.map((payload) => frameOf(withFds(payload, fdsInCommand(payload), this.#ours)));
    connection.write(Buffer.concat(mapped));
    if (n === WORKER_IS_BACK) await this.#expectParkedMessage(connection);
  }

  async #compare(data: RecordedData): Promise<void> {
    const { n, conn, frames, hex } = data;
    const connection = this.#connection(conn);
    const { server } = recordedConnection(conn);
    const expected = fromHex(hex);
    if (n === CLOSE_FRAME_AS_MESSAGE) return this.deviations.met('noControlFramesAsMessages');
    if (n === REPLY_AFTER_CLOSE_CLIENT) return this.#expectCloseFrame(connection);
    this.compared.push(n);
    if (frames !== undefined) {
      for (const frame of frames) await this.#compareFrame(connection, server, frame, `packet ${n}`);
    } else if (expected.subarray(0, 4).toString() === 'HTTP') {
      const answer = await connection.head(`the upgrade's answer, packet ${n}`);
      expect(comparableUpgradeAnswer(answer)).toEqual(comparableUpgradeAnswer(expected.toString('latin1')));
      if (answer.length !== expected.length) this.deviations.met('upgradeAnswer');
    } else {
      const bytes = await connection.bytes(expected.length, `packet ${n}`);
      expect([n, bytes.toString('latin1')]).toEqual([n, expected.toString('latin1')]);
    }
  }

  async #compareFrame(
    connection: PlayedConnection,
    server: string,
    frame: RecordedFrame,
    what: string,
  ): Promise<void> {
    const payload = await connection.payload(`${frame.name}, ${what}`);
    const recorded = fromHex(frame.load_hex);
    const label = `${frame.name}, ${what}: `;
    if (server === 'register') {
      expect(label + payload.toString('hex')).toBe(label + frame.load_hex);
    } else if (frame.name === 'reply:GetClientInfo' && frame.len > 100) {
      this.#compareClientInfo(payload, recorded);
    } else if (frame.name.startsWith('reply:')) {
      const mapped = withFds(payload, fdsInReply(payload, frame.name), this.#recorded);
      expect(label + mapped.toString('latin1')).toBe(label + recorded.toString('latin1'));
    } else {
      this.#compareEvent(payload, recorded, frame, label);
    }
  }

  #compareEvent(payload: Buffer, recorded: Buffer, { name, fd }: RecordedFrame, label: string): void {
    if (name === 'EVENT_OPEN' || name === 'EVENT_CONNECT') this.#pair(fd!, payload.readUInt32BE(1));
    const mapped = withFds(payload, FDS_IN_EVENT, this.#recorded);
    const comparable = name === 'EVENT_OPEN' ? comparableOpen : (bytes: Buffer) => bytes.toString('latin1');
    expect(label + comparable(mapped)).toBe(label + comparable(recorded));
  }

  /** The fields up to the port as bytes; of the facts about the socket those that we give. */
  #compareClientInfo(payload: Buffer, recorded: Buffer): void {
    const ours = comparableSystem(payload);
    const theirs = comparableSystem(recorded);
    expect(ours.before).toBe(theirs.before);
    const client = [...this.#connections.values()].find(({ localPort }) => localPort === ours.port);
    expect(client?.name).toContain('client (ws)');
    for (const [key, value] of Object.entries(ours.system)) {
      expect(theirs.system).toHaveProperty(key);
      expect([key, typeof value]).toEqual([key, typeof theirs.system[key]]);
    }
    expect(ours.system).toMatchObject({
      websocket_status: 3,
      remote_ip: '127.0.0.1',
      remote_port: ours.port,
    });
    this.deviations.met('systemFacts');
  }

  async #expectParkedMessage(worker: PlayedConnection): Promise<void> {
    const payload = await worker.payload('the message that was sent without a worker');
    expect(payload.readUInt8(0)).toBe(24);
    expect(this.#recorded.get(payload.readUInt32BE(1))).toBe(1);
    expect(payload.subarray(11).toString()).toBe(SENT_WITHOUT_WORKER);
    this.deviations.met('parkedWithoutWorker');
  }

  async #expectCloseFrame(client: PlayedConnection): Promise<void> {
    const expected = closeFrame(CLOSED_BY_APPLICATION, CLOSE_REASON);
    const frame = await client.bytes(expected.length, 'the close frame');
    expect(frame.toString('hex')).toBe(expected.toString('hex'));
    // As every WebSocket client does by itself.
    client.write(maskedCloseFrame(CLOSED_BY_APPLICATION));
    this.deviations.met('closeFrameToClosedClient');
  }

  async #expectEnd({ conn, n }: RecordedTurn): Promise<void> {
    const connection = this.#connection(conn);
    await connection.ended(`packet ${n}`);
    expect([connection.name, connection.unread.length]).toEqual([connection.name, 0]);
  }

  #pair(recorded: number, ours: number): void {
    if (recorded !== ours) this.deviations.met('connectionIds');
    this.#ours.set(recorded, ours);
    this.#recorded.set(ours, recorded);
  }

  #connection(conn: number): PlayedConnection {
    const connection = this.#connections.get(conn);
    if (connection === undefined) throw new Error(`Connection ${conn} was not opened`);
    return connection;
  }
}
