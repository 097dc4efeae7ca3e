/** What happened to the connections of a run, beside the traffic that the run is about. */
export class ConnectionCounts {
  opened = 0;
  openNow = 0;
  connectFailures = 0;
  upgradeFailures = 0;
  resets = 0;
  closedByServer = 0;
  protocolErrors = 0;
  timeouts = 0;
  /** WebSocket pings, and those of Engine.IO. */
  pings = 0;
  /** Messages that came before the connection was open. */
  greetingFrames = 0;
  /** Messages that are no answer to anything that was sent. */
  otherFrames = 0;
  reads = 0;
  writes = 0;
  firstError: string | undefined;

  note(error: string): void {
    this.firstError ??= error;
  }
}
