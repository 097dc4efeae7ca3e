import type { Socket } from 'node:net';
import {
  FrameDecoder,
  type ByteReader,
  type ByteWriter,
  type FrameWriter,
  type GatheredFrame,
} from '#protocol';
import type { CarryBudget } from './carry-budget.js';
import { readInto, type ChunkReceiver } from './chunk-receiver.js';
import { HandshakeTimeoutError, LinkClosedError, SilentPeerError, SlowPeerError } from './errors.js';
import type { LinkOptions } from './link-options.js';
import { LinkOutput } from './link-output.js';
import { LINK_TRANSITIONS, type LinkState } from './link-state.js';
import type { RetainedChunks } from './retained-chunks.js';
import { SilenceWatch } from './silence-watch.js';
import { UnfinishedFrameWatch } from './unfinished-frame.js';

/** What the owner of a link is told. */
export interface LinkHandler {
  /**
   * TCP is connected: the side that speaks first speaks now. The link is open when someone calls `link.accept()`.
   * What this throws ends the link, too.
   */
  connected?(link: Link): void;
  /**
   * One frame. The reader and its views are valid during the call only.
   * Whatever this throws ends the link and becomes the reason of `closed`.
   */
  frame(payload: ByteReader, link: Link): void;
  /** Unsent bytes have passed the high-water mark: stop producing. */
  congested?(link: Link): void;
  /** Everything that was unsent is sent. */
  drained?(link: Link): void;
  /** The peer sends no more: a node that drains. What was sent to it still arrives; new frames are refused from now on. */
  ended?(link: Link): void;
  /** The end, exactly once. `reason` is undefined when we ended it ourselves and nothing failed meanwhile. */
  closed?(link: Link, reason: Error | undefined): void;
}

const PING_CODE = 0;

/**
 * One framed TCP connection between two nodes.
 *
 * Frames written during a turn of the event loop leave together in one system call, which is what a
 * message costs. Three endings: `drain` finishes and takes no new work, `close` flushes and says goodbye, `destroy` is now.
 */
export class Link implements ChunkReceiver {
  /** `host:port` of the other side, for logs. */
  readonly peer: string;
  readonly #socket: Socket;
  readonly #options: LinkOptions;
  readonly #handler: LinkHandler;
  readonly #decoder: FrameDecoder;
  readonly #output: LinkOutput;
  readonly #unfinished: UnfinishedFrameWatch;
  readonly #silence: SilenceWatch;
  readonly #sink = (payload: ByteReader): void => {
    this.#unfinished.frames++;
    this.#handler.frame(payload, this);
  };
  #state: LinkState = 'connecting';
  #reason: Error | undefined;
  #handshakeTimer: NodeJS.Timeout | undefined;
  #pingTimer: NodeJS.Timeout | undefined;
  #closeTimer: NodeJS.Timeout | undefined;

  /** @param budget what this link may carry of unfinished frames, together with others; without one `maxFrameBytes` alone bounds it */
  constructor(
    socket: Socket,
    peer: string,
    options: LinkOptions,
    handler: LinkHandler,
    budget?: CarryBudget,
  ) {
    this.#socket = socket;
    this.peer = peer;
    this.#options = options;
    this.#handler = handler;
    this.#decoder = new FrameDecoder(options.maxHandshakeFrameBytes);
    this.#output = new LinkOutput(socket, options, {
      congested: () => handler.congested?.(this),
      drained: () => handler.drained?.(this),
      overflowed: (bytes) => this.destroy(new SlowPeerError(peer, bytes, options.maxQueuedBytes)),
    });
    const { frameTimeoutMs } = options;
    const fail = (reason: Error): void => this.destroy(reason);
    this.#unfinished = new UnfinishedFrameWatch(socket, peer, this.#decoder, frameTimeoutMs, budget, fail);
    this.#silence = new SilenceWatch(socket, (timeoutMs) => fail(new SilentPeerError(peer, timeoutMs)));
    socket.setNoDelay(true);
    if (options.keepAliveMs > 0) socket.setKeepAlive(true, options.keepAliveMs);
    if (options.handshakeTimeoutMs > 0) {
      this.#handshakeTimer = setTimeout(() => {
        this.destroy(new HandshakeTimeoutError(this.peer, options.handshakeTimeoutMs));
      }, options.handshakeTimeoutMs).unref();
    }
    socket.on('error', (error) => (this.#reason ??= new LinkClosedError(this.peer, error)));
    socket.on('end', () => this.#onPeerEnd());
    socket.on('close', () => this.#onClose());
    if (socket.connecting) socket.once('connect', () => this.#onConnected());
    else queueMicrotask(() => this.#onConnected());
  }

  get state(): LinkState {
    return this.#state;
  }

  get isCongested(): boolean {
    return this.#output.isCongested;
  }

  /** Bytes that the peer has not taken yet, as far as this process knows. */
  get queuedBytes(): number {
    return this.#output.queuedBytes;
  }

  /** Bytes that the system has taken in the life of this link. */
  get takenBytes(): number {
    return this.#output.takenBytes;
  }

  /**
   * The handshake is done: larger frames are taken, the deadline is off, pings start.
   * @param batches from here on frames leave in batches, and those of the peer are taken: both sides have said that they can
   */
  accept(batches = false): void {
    this.#transition('open');
    clearTimeout(this.#handshakeTimer);
    this.#decoder.maxFrameBytes = this.#options.maxFrameBytes;
    this.#decoder.takesBatches = batches;
    if (batches) this.#output.frames.batch();
    if (this.#options.pingIntervalMs > 0) {
      this.#pingTimer = setInterval(() => this.ping(), this.#options.pingIntervalMs).unref();
    }
    this.watchSilence(this.#options.silenceTimeoutMs);
  }

  /** Ends the link when the peer has sent nothing for so long; 0 changes nothing. Called anew, it replaces the deadline. */
  watchSilence(timeoutMs: number): void {
    this.#silence.start(timeoutMs);
  }

  ping(): void {
    this.beginFrame().u8(PING_CODE);
    this.endFrame();
  }

  /** Sends one frame. When `write` throws, nothing of it goes out. */
  send(write: (writer: ByteWriter) => void): boolean {
    const writer = this.beginFrame();
    try {
      write(writer);
    } catch (error) {
      this.abortFrame();
      throw error;
    }
    return this.endFrame();
  }

  /** The fast way to send: write the payload into what this returns, then call `endFrame` (or `abortFrame`). */
  beginFrame(): FrameWriter {
    const { frames } = this.#output;
    frames.beginFrame();
    return frames;
  }

  /** @returns false when the link takes nothing any more: the frame is dropped. */
  endFrame(): boolean {
    if (this.#state === 'closed' || this.#state === 'draining') {
      this.abortFrame();
      return false;
    }
    this.#output.frames.endFrame();
    this.#output.schedule();
    return true;
  }

  abortFrame(): void {
    this.#output.frames.abortFrame();
  }

  /**
   * Sends a frame that was gathered over several turns, without copying it.
   * @returns false unless the link is open: the frame is dropped
   */
  sendGathered(frame: GatheredFrame): boolean {
    if (this.#state !== 'open') return false;
    this.#output.sendGathered(frame);
    return true;
  }

  /**
   * From now on what was sent stays as it is in memory, for who keeps references to it: see `FrameWriter.chunk`.
   * @returns to whom chunks are given back
   */
  retainSent(): RetainedChunks {
    return this.#output.retain();
  }

  /** Hands everything written so far to the system, now instead of at the end of the turn. */
  flush(): void {
    this.#output.flush();
  }

  /** Reading stops: what the peer sends waits in its own memory. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Takes no new frames, sends what is queued, goes on delivering what the peer sends until it closes too. */
  drain(): void {
    if (this.#state === 'draining' || this.#state === 'closed') return;
    const connected = this.#state !== 'connecting';
    if (connected) this.flush();
    this.#transition('draining');
    clearTimeout(this.#handshakeTimer);
    if (connected) this.#socket.end();
    else this.#socket.destroy();
  }

  /** Flushes, says goodbye, and is gone after `closeTimeoutMs` at the latest. What still arrives is not delivered. */
  close(): void {
    if (this.#state === 'closed') return;
    this.drain();
    this.#stopDecoding();
    this.#socket.resume();
    this.#closeTimer ??= setTimeout(() => this.#socket.destroy(), this.#options.closeTimeoutMs);
  }

  /** Now. What is queued is lost. */
  destroy(reason?: Error): void {
    this.#reason ??= reason;
    this.#stopDecoding();
    this.#socket.destroy();
  }

  #onConnected(): void {
    if (this.#state !== 'connecting' || this.#socket.destroyed) return;
    readInto(this, this.#socket);
    this.#output.connected();
    this.#transition('handshaking');
    try {
      this.#handler.connected?.(this);
    } catch (error) {
      return this.#fail(error);
    }
    this.flush();
  }

  /** Bytes of the peer, which are the caller's again after the call. */
  received(chunk: Buffer): void {
    this.#silence.heard();
    try {
      this.#decoder.push(chunk, this.#sink);
    } catch (error) {
      this.#fail(error);
    }
    this.#unfinished.received();
  }

  #fail(error: unknown): void {
    this.destroy(error instanceof Error ? error : new Error(String(error)));
  }

  #stopDecoding(): void {
    this.#decoder.stop();
    this.#unfinished.end();
  }

  #onPeerEnd(): void {
    // What is queued for it still goes out, as long as it goes on taking some.
    this.#socket.setTimeout(this.#options.closeTimeoutMs, () => this.#socket.destroy());
    if (this.#state === 'draining') return;
    this.#reason ??= new LinkClosedError(this.peer);
    this.drain();
    this.#handler.ended?.(this);
  }

  #onClose(): void {
    this.#transition('closed');
    this.#output.end();
    this.#stopDecoding();
    clearTimeout(this.#handshakeTimer);
    clearInterval(this.#pingTimer);
    this.#silence.end();
    clearTimeout(this.#closeTimer);
    this.#handler.closed?.(this, this.#reason);
  }

  #transition(to: LinkState): void {
    if (!LINK_TRANSITIONS[this.#state].includes(to)) {
      throw new TypeError(`A link cannot go from ${this.#state} to ${to}`);
    }
    this.#state = to;
  }
}
