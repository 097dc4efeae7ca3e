import { InvalidOptionError, formatAddress, type NodeAddress } from '#protocol';
import { labelOf, type ProcessGroupOptions, type ProcessPlace } from '#supervisor';
import type { Environment } from './environment.js';

/**
 * The gateway as several processes. Clients find all of them on the same ports; workers find each on a LAN port of its own: a fixed port p
 * means p, p + 1 and so on, which each keeps over its restarts.
 * @param file the module that runs a single one
 * @param onUrls told where clients are taken, when a process is ready
 * @throws InvalidOptionError when there are not so many ports
 */
export function gatewayProcesses(
  { processes, lan, advertise }: Environment,
  file: string,
  onUrls: (urls: readonly string[]) => void = () => undefined,
): Partial<ProcessGroupOptions> {
  checkPorts(lan, processes, 'NESTWIRE_LAN');
  if (advertise !== undefined) checkPorts(advertise, processes, 'NESTWIRE_ADVERTISE');
  return {
    name: 'gateway',
    processes,
    file,
    replace: 'old-first', // the new one takes over its port
    environmentOf: (place) => ({
      ...alone(place),
      NESTWIRE_LAN: addressOf(lan, place),
      NESTWIRE_ADVERTISE: advertise === undefined ? '' : addressOf(advertise, place),
    }),
    onReady: (_, facts) => onUrls(urlsIn(facts)),
  };
}

/** The worker as several processes. @param file the module that runs a single one */
export function workerProcesses({ processes }: Environment, file: string): Partial<ProcessGroupOptions> {
  return { name: 'worker', processes, file, replace: 'new-first', environmentOf: alone };
}

/** A forked process is one process, whatever the variables of its supervisor say. */
function alone(place: ProcessPlace): Record<string, string> {
  return { NESTWIRE_PROCESSES: '1', NESTWIRE_SUPERVISED: labelOf(place) };
}

function addressOf({ host, port }: NodeAddress, { number }: ProcessPlace): string {
  return formatAddress({ host, port: port === 0 ? 0 : port + number - 1 });
}

function checkPorts({ host, port }: NodeAddress, processes: number, variable: string): void {
  const last = port + processes - 1;
  if (port === 0 || last <= 65_535) return;
  throw new InvalidOptionError(
    variable,
    `must leave room for ${processes} ports, one a process, and ${port} to ${last} are not all ports. ` +
      `Write ${formatAddress({ host, port: 65_536 - processes })} or a lower one.`,
  );
}

function urlsIn(facts: unknown): readonly string[] {
  const urls = typeof facts === 'object' && facts !== null && 'urls' in facts ? facts.urls : undefined;
  return Array.isArray(urls) ? urls.filter((url) => typeof url === 'string') : [];
}
