import { silentLog } from '#link';
import { Gateway } from '#gateway';
import { RegisterServer } from '#register';
import { freePort } from '../../bench/suite/free-port.js';
import { RegisterTap } from './register-tap.js';

export const RECORDED_SECRET = 'this is secret';
/** Where the recorded gateway was reached. Ours tells this address too, so that all bytes that hold it stay the same. */
const RECORDED_LAN = '127.0.0.1:9108';

/** Our register and our gateway in the place of the original's, started and stopped as the recording says. */
export class OurServices {
  #register: RegisterServer | undefined;
  #gateway: Gateway | undefined;
  #stopping: Promise<void> = Promise.resolve();

  private constructor(
    readonly tap: RegisterTap,
    /** Where the gateway really listens for workers: the recorded port may be somebody else's here. */
    readonly lanPort: number,
  ) {}

  static async create(): Promise<OurServices> {
    return new OurServices(await RegisterTap.listen(), await freePort());
  }

  get registerPort(): number {
    return this.#register!.address!.port;
  }

  get gateway(): Gateway {
    return this.#gateway!;
  }

  async startRegister(): Promise<void> {
    await this.#stopping;
    this.#register = new RegisterServer({ listen: '127.0.0.1:0', secret: RECORDED_SECRET, protocol: 'base' });
    const { port } = await this.#register.listen();
    this.tap.leadTo(port);
  }

  stopRegister(): void {
    this.tap.leadTo(undefined);
    this.#stopping = this.#register!.close();
  }

  async startGateway(): Promise<void> {
    await this.#stopping;
    this.#gateway = new Gateway(
      {
        lan: `127.0.0.1:${this.lanPort}`,
        advertise: RECORDED_LAN,
        registers: [`127.0.0.1:${this.tap.port}`],
        secret: RECORDED_SECRET,
        listen: ['ws://127.0.0.1:0', 'tcp://127.0.0.1:0?frame=raw'],
        serialization: 'php',
      },
      silentLog,
    );
    await this.#gateway.listen();
  }

  /** Does not wait: its links end one after the other, as their peers say goodbye. */
  stopGateway(): void {
    this.#stopping = this.gateway.close();
  }

  clientPort(kind: 'ws' | 'tcp'): number {
    const url = this.gateway.urls.find((candidate) => candidate.startsWith(`${kind}:`));
    return Number(new URL(url!).port);
  }

  async close(): Promise<void> {
    await this.#gateway?.close();
    await this.#register?.close();
    await this.tap.close();
  }
}
