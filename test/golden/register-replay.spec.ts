import { afterAll, describe, expect, it } from 'vitest';
import { RegisterServer } from '#register';
import { fromHex } from './golden-data.js';
import { RECORDED_SECRET } from './our-services.js';
import { PlayedConnection } from './played-connection.js';
import {
  recordedConnection,
  TIMELINE,
  type RecordedData,
  type RecordedMoment,
  type RecordedTurn,
} from './recorded-timeline.js';

/** What a register is concerned with, of all that was recorded. */
const moments = TIMELINE.filter(
  (moment) => moment.kind === 'step' || recordedConnection(moment.conn).server === 'register',
);

describe("the recorded register's talk with our register, a PHP gateway and a PHP worker", () => {
  const connections = new Map<number, PlayedConnection>();
  const lists: string[] = [];
  let register: RegisterServer | undefined;
  let stopping: Promise<void> = Promise.resolve();

  async function startRegister(): Promise<void> {
    await stopping;
    register = new RegisterServer({ listen: '127.0.0.1:0', secret: RECORDED_SECRET, protocol: 'base' });
    await register.listen();
  }

  async function onStep(step: string): Promise<void> {
    if (step === 'start register, gateway, worker' || step === 'register starts again') await startRegister();
    else if (step.startsWith('register stops') || step === 'stop register') stopping = register!.close();
  }

  async function onTurn({ kind, dir, conn, n }: RecordedTurn): Promise<void> {
    if (kind === 'syn') {
      const { role } = recordedConnection(conn);
      connections.set(
        conn,
        await PlayedConnection.dial(`connection ${conn}, ${role}`, register!.address!.port),
      );
    } else if (kind === 'fin' && dir === 'c2s') {
      connections.get(conn)!.end();
    } else if (kind === 'fin') {
      await connections.get(conn)!.ended(`packet ${n}`);
    }
  }

  async function onData({ dir, conn, n, hex }: RecordedData): Promise<void> {
    const connection = connections.get(conn)!;
    if (dir === 'c2s') return connection.write(fromHex(hex));
    const heard = await connection.bytes(hex.length / 2, `packet ${n}`);
    expect([n, heard.toString('hex')]).toEqual([n, hex]);
    lists.push(hex);
  }

  async function play(moment: RecordedMoment): Promise<void> {
    if (moment.kind === 'step') return onStep(moment.step);
    return moment.kind === 'data' ? onData(moment) : onTurn(moment);
  }

  afterAll(async () => {
    for (const connection of connections.values()) connection.destroy();
    await register?.close();
  });

  it('is answered with the same bytes, list by list, over two lives of the gateway and two of the register', async () => {
    for (const moment of moments) await play(moment);
    // At WorkerConnect, gone, back, to the second worker, and after the register's restart.
    expect(lists).toHaveLength(5);
  });

  it('says nothing that the original did not say', () => {
    expect(connections.size).toBe(6);
    for (const { name, unread } of connections.values()) expect([name, unread.length]).toEqual([name, 0]);
    expect(register!.stats.refused).toEqual({});
  });
});
