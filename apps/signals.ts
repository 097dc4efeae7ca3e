import { closeSync, openSync } from 'node:fs';

/** One Ctrl+C can arrive several times: from the terminal, and passed on by npm and by `nest start`. */
const SAME_SIGNAL_MS = 1_000;

/** SIGTERM and SIGINT. Whoever sends another one later does not want to wait: it has the effect that the system gives it. */
export function onStopSignal(stop: (signal: NodeJS.Signals) => void): void {
  let firstMs: number | undefined;
  const take = (signal: NodeJS.Signals): void => {
    if (firstMs === undefined) {
      firstMs = performance.now();
      stop(signal);
    } else if (performance.now() - firstMs > SAME_SIGNAL_MS) {
      process.off(signal, take);
      process.kill(process.pid, signal);
    }
  };
  process.on('SIGTERM', take);
  process.on('SIGINT', take);
}

/** SIGHUP means two things: that somebody wants a reload, and that the terminal is gone, with whoever started this in it. */
export function onHangUp(reload: () => void, stop: (reason: string) => void): void {
  const isInTerminal = process.stdin.isTTY;
  process.on('SIGHUP', () => {
    if (isInTerminal && !hasTerminal()) stop('The terminal was closed');
    else reload();
  });
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
