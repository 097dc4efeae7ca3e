import { connect, type Socket } from 'node:net';
import { clientFrame, closeFrame, Opcode, textFrame } from './client-frames.js';
import type { ConnectionCounts } from './connection-counts.js';
import { FrameError, FrameReader, type FrameSink } from './frame-reader.js';
import type { Greeting } from './greeting.js';
import { SocketOutput } from './socket-output.js';
import type { Upgrade } from './upgrade.js';

/** What a connection carries its messages for. */
export interface ConnectionOwner {
  /** It is upgraded and greeted. */
  opened(connection: Connection): void;
  /** @param bytes valid during the call only  @param nowMs when this was read, as `performance.now()` counts */
  message(connection: Connection, bytes: Buffer, start: number, end: number, nowMs: number): void;
  /** After the last message of each read: the time to send what they caused, in one write. */
  readDone(connection: Connection): void;
  /** @param reached the state in which it ended */
  closed(connection: Connection, reached: ConnectionState): void;
}

export interface ConnectionSettings {
  readonly host: string;
  readonly port: number;
  readonly upgrade: Upgrade;
  readonly greeting: Greeting;
  readonly counts: ConnectionCounts;
  /** Answer the pings of Engine.IO. */
  readonly engineIo: boolean;
  readonly sourceAddress: string | undefined;
}

/** `upgrading`: the request is sent. `greeting`: it has not had every message that it waits for. `closing`: it said goodbye itself. */
export type ConnectionState = 'connecting' | 'upgrading' | 'greeting' | 'open' | 'closing' | 'closed';

/** All connections read into the same memory: what is read is used up before the next read. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);
const NORMAL_CLOSE = closeFrame(1000);
const ENGINE_IO_PING = '2'.charCodeAt(0);
const ENGINE_IO_PONG = textFrame('3');

/** One client. */
export class Connection implements FrameSink {
  #state: ConnectionState = 'connecting';
  readonly #socket: Socket;
  readonly #output: SocketOutput;
  readonly #frames = new FrameReader(this);
  /** What has come of the answer to the upgrade. */
  #answer: Buffer | undefined;
  #step = 0;
  #nowMs = 0;
  /** The server answered our Close. */
  #isAnswered = false;
  /** Why it ends is counted already, or is our own doing. */
  #isAccountedFor = false;
  readonly startedMs = performance.now();

  constructor(
    readonly index: number,
    private readonly settings: ConnectionSettings,
    private readonly owner: ConnectionOwner,
  ) {
    const { host, port, sourceAddress } = settings;
    this.#socket = connect({
      host,
      port,
      ...(sourceAddress === undefined ? {} : { localAddress: sourceAddress }),
      noDelay: true,
      onread: { buffer: READ_BUFFER, callback: (length) => this.#read(length) },
    });
    this.#output = new SocketOutput(this.#socket);
    this.#socket.on('connect', () => {
      this.#state = 'upgrading';
      this.#output.writeFirst(settings.upgrade.request);
    });
    this.#socket.on('error', (error) => this.#failed(error));
    this.#socket.on('close', () => this.#ended());
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** After it ended: we said goodbye, and the server closed the socket without an error. */
  get wasClosedInOrder(): boolean {
    return !this.#isAccountedFor;
  }

  /** The server answered our Close. It should close the socket next. */
  get isCloseAnswered(): boolean {
    return this.#isAnswered;
  }

  /** Whole frames. @returns true when they have left, so that the buffer may be used again */
  send(frames: Uint8Array): boolean {
    this.settings.counts.writes++;
    return this.#output.write(frames);
  }

  /** Says goodbye; the server is to answer and to close the socket. */
  close(): void {
    if (this.#state !== 'open') return this.destroy();
    this.#state = 'closing';
    this.send(NORMAL_CLOSE);
  }

  /** Closes our side of the socket, for a server that waits for that. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#isAccountedFor = true;
    this.#frames.stop();
    this.#socket.destroy();
  }

  message(bytes: Buffer, start: number, end: number): void {
    if (this.settings.engineIo && end - start === 1 && bytes[start] === ENGINE_IO_PING) {
      this.settings.counts.pings++;
      this.send(ENGINE_IO_PONG);
    } else if (this.#state === 'open') {
      this.owner.message(this, bytes, start, end, this.#nowMs);
    } else if (this.#state === 'greeting') {
      this.settings.counts.greetingFrames++;
      if (this.settings.greeting.isAwaited(this.#step, bytes.subarray(start, end)))
        this.#greet(this.#step + 1);
    } else {
      this.settings.counts.otherFrames++;
    }
  }

  control(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode === Opcode.Ping) {
      this.settings.counts.pings++;
      this.send(clientFrame(Opcode.Pong, bytes.subarray(start, end)));
    } else if (opcode === Opcode.Close && this.#state === 'closing') {
      this.#isAnswered = true;
    } else if (opcode === Opcode.Close) {
      const code = end - start >= 2 ? bytes.readUInt16BE(start) : 0;
      this.settings.counts.note(`the server closed with ${code} ${bytes.toString('utf8', start + 2, end)}`);
      this.send(clientFrame(Opcode.Close, bytes.subarray(start, end)));
      this.#frames.stop();
    }
  }

  #read(length: number): boolean {
    this.settings.counts.reads++;
    this.#nowMs = performance.now();
    try {
      if (this.#state === 'upgrading') this.#readAnswer(READ_BUFFER.subarray(0, length));
      else this.#frames.push(READ_BUFFER, 0, length);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.settings.counts.protocolErrors++;
      this.settings.counts.note(error.message);
      this.destroy();
    }
    this.owner.readDone(this);
    return true;
  }

  #readAnswer(chunk: Buffer): void {
    const bytes = this.#answer === undefined ? chunk : Buffer.concat([this.#answer, chunk]);
    const answer = this.settings.upgrade.read(bytes);
    if (answer.is === 'incomplete') {
      this.#answer = Buffer.from(bytes);
    } else if (answer.is === 'refused') {
      this.settings.counts.note(answer.reason);
      this.destroy();
    } else {
      this.#answer = undefined;
      this.#state = 'greeting';
      this.#greet(0);
      this.#frames.push(bytes, answer.headBytes, bytes.length);
    }
  }

  #greet(from: number): void {
    this.#step = this.settings.greeting.proceed(from, (frame) => void this.send(frame));
    if (this.#step >= 0) return;
    this.#state = 'open';
    this.settings.counts.opened++;
    this.settings.counts.openNow++;
    this.owner.opened(this);
  }

  #failed(error: NodeJS.ErrnoException): void {
    this.settings.counts.note(`${this.#state}: ${error.message}`);
    if (this.#state === 'open') this.settings.counts.resets++;
    this.#isAccountedFor = true;
  }

  /** Every connection ends here, once, however it ended. */
  #ended(): void {
    const reached = this.#state;
    const { counts } = this.settings;
    this.#state = 'closed';
    if (reached === 'connecting') counts.connectFailures++;
    else if (reached === 'upgrading' || reached === 'greeting') counts.upgradeFailures++;
    else counts.openNow--;
    if (reached === 'open' && !this.#isAccountedFor) counts.closedByServer++;
    this.owner.closed(this, reached);
  }
}
