import { CloseCode } from '#protocol';
import type { ThrottleCounters } from './connection/throttle.js';
import type { DropCounters } from './connection/when-slow.js';

/** What has happened since the gateway started. Plain numbers, so that counting costs nothing. */
export class GatewayStats implements DropCounters, ThrottleCounters {
  connectionsOpened = 0;
  connectionsClosed = 0;
  /** Turned away because the gateway was full, because too many sockets had not upgraded yet or waited to come in, or because of their address. */
  connectionsRefused = 0;
  /** Of those, what was more than `maxConnectionsPerAddress`. */
  connectionsOverAddressLimit = 0;
  /** Had to wait, because more came than `maxAcceptsPerSecond`. */
  connectionsDelayed = 0;
  /** What clients said, before it is throttled. */
  messagesReceived = 0;
  /** Of those received, what was dropped because a client sent more than it may (`whenThrottled`). */
  messagesThrottled = 0;
  /** How often a client was not read for a while, or closed, because it sent more than it may (`whenThrottled`). */
  clientsThrottled = 0;
  messagesSent = 0;
  messagesToUnknownClient = 0;
  /** Sends above `maxMessageBytes`: nobody got them. */
  messagesTooBigToSend = 0;
  /** Of those sent, what slow clients did not get for want of room, by the policy (`whenSlow`) that chose it. */
  readonly messagesDropped = { dropNewest: 0, dropOldest: 0, keepLatest: 0 };
  /** Of those sent, what slow clients did not get because a newer message with the same key came (`keepLatest`). */
  messagesReplaced = 0;
  /** Bytes from clients that were not what their listener speaks. */
  badClientBytes = 0;
  /** Clients whose sockets failed: resets and the like. */
  clientErrors = 0;
  /** Events that no worker took in time or that found no room to wait. */
  eventsDropped = 0;
  /** Events that went to another worker because theirs was gone before it was done with them. */
  eventsRedelivered = 0;
  /** Workers that went without having said that they leave. */
  workersLost = 0;
  /** Commands whose uid or group has more than 255 bytes. */
  namesTooLong = 0;
  /** Commands with a code that nobody executes. */
  unknownCommands = 0;
  /** Custom commands that threw, or whose request could not be read. */
  failedCommands = 0;
  /** Replies larger than a frame of the caller's link may be: the question failed, and over the base protocol the link was closed. */
  repliesTooBig = 0;
  /** Sessions above `maxSessionBytes`: the client kept the one that it had. */
  sessionsTooBig = 0;
  /** LAN links that ended because of what came over them. */
  badLinks = 0;
  /** Links turned away because there were as many as `maxLinks` allows. */
  linksRefused = 0;
  /** Choices of the application's router that threw or were no worker. */
  routerFailures = 0;
  /** Calls of the application's observer that threw. */
  observerFailures = 0;
  /** How often each close code was given to a client. */
  readonly closedWith: Record<number, number> = Object.fromEntries(
    Object.values(CloseCode).map((code) => [code, 0]),
  );

  countClose(code: number): void {
    this.closedWith[code] = (this.closedWith[code] ?? 0) + 1;
  }
}
