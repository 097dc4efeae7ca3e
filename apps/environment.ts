import type { LogLevel } from '@nestjs/common';
import { parseListenerUrl } from '#gateway';
import {
  closest,
  formatAddress,
  InvalidOptionError,
  isLoopback,
  isUnspecified,
  parseAddress,
  parseAddressList,
  type NodeAddress,
} from '#protocol';

/** The variables that configure the services, and what they are when not set. Only this file reads them. */
const DEFAULTS = {
  NESTWIRE_REGISTER: '127.0.0.1:9327',
  NESTWIRE_SECRET: '',
  NESTWIRE_LAN: '127.0.0.1:9108',
  NESTWIRE_ADVERTISE: '',
  NESTWIRE_LISTEN: 'ws://127.0.0.1:8000,tcp://127.0.0.1:8001?frame=newline',
  NESTWIRE_PAGE: '127.0.0.1:3000',
  NESTWIRE_INTEROP: '',
  NESTWIRE_LOG: 'log',
  NESTWIRE_PROCESSES: '1',
  NESTWIRE_ACCEPTS: '2000',
  /** Set by a supervisor for the processes that it forks, and by nobody else. */
  NESTWIRE_SUPERVISED: '',
} as const;

/** The modules' options that the variables set: what an operator has to be told of is the variable. */
const VARIABLE_OF_OPTION: Readonly<Record<string, keyof typeof DEFAULTS>> = {
  'gateway.lan': 'NESTWIRE_LAN',
  'gateway.advertise': 'NESTWIRE_ADVERTISE',
  'gateway.listen': 'NESTWIRE_LISTEN',
  'gateway.registers': 'NESTWIRE_REGISTER',
  'gateway.secret': 'NESTWIRE_SECRET',
  'register.listen': 'NESTWIRE_REGISTER',
  'register.secret': 'NESTWIRE_SECRET',
  'api.registers': 'NESTWIRE_REGISTER',
  'api.secret': 'NESTWIRE_SECRET',
};

/** More than any machine has cores for. */
const MOST_PROCESSES = 1_024;

type Name = keyof typeof DEFAULTS;
const PREFIX = 'NESTWIRE_';
const INTEROP = 'swoole-worker';
const JSON_LOG = 'json';
/** From the fewest lines to the most: each level includes those before it. */
const LOG_LEVELS: readonly LogLevel[] = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'];

/** What the variables say, checked. */
export interface Environment {
  readonly registers: readonly NodeAddress[];
  /** One, or several while it is being changed: the first is dialled with, any is accepted. */
  readonly secret: string | readonly string[];
  readonly lan: NodeAddress;
  /** Undefined: the gateway tells the others where it listens. */
  readonly advertise: NodeAddress | undefined;
  /** URLs of the client listeners. */
  readonly listen: readonly string[];
  /** Those of them that a browser can connect to. */
  readonly webSocketUrls: readonly string[];
  readonly page: NodeAddress;
  readonly serialization: 'json' | 'php';
  readonly logLevels: LogLevel[];
  readonly isJsonLog: boolean;
  /** How many processes a gateway and a worker are on this machine. */
  readonly processes: number;
  /** How many clients a second a gateway takes; 0 is without a limit. */
  readonly accepts: number;
  /** How a supervisor calls this process, such as `gateway 2/4`; undefined when it has none. */
  readonly supervised: string | undefined;
}

/** How lines of the log look. */
export type LogEnvironment = Pick<Environment, 'logLevels' | 'isJsonLog' | 'supervised'>;

/** @throws InvalidOptionError for an unknown `NESTWIRE_` name and for a value that cannot be meant, saying what to write. */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  for (const name of Object.keys(variables)) {
    if (name.startsWith(PREFIX) && !Object.hasOwn(DEFAULTS, name)) {
      throw new InvalidOptionError(
        name,
        `is not known. Did you mean "${closest(name, Object.keys(DEFAULTS))}"?`,
      );
    }
  }
  // An empty variable is one that is not set: that is how a shell or a compose file leaves one out.
  const read = (name: Name): string => variables[name]?.trim() || DEFAULTS[name];
  const serialization = parseInterop(read('NESTWIRE_INTEROP'));
  const environment: Environment = {
    registers: parseAddressList(read('NESTWIRE_REGISTER'), 'NESTWIRE_REGISTER'),
    secret: parseSecret(read('NESTWIRE_SECRET')),
    lan: parseAddress(read('NESTWIRE_LAN'), 'NESTWIRE_LAN', { example: DEFAULTS.NESTWIRE_LAN }),
    advertise: parseAdvertise(read('NESTWIRE_ADVERTISE'), serialization),
    ...parseListen(read('NESTWIRE_LISTEN')),
    page: parseAddress(read('NESTWIRE_PAGE'), 'NESTWIRE_PAGE', { example: DEFAULTS.NESTWIRE_PAGE }),
    serialization,
    ...parseLog(read('NESTWIRE_LOG')),
    processes: parseProcesses(read('NESTWIRE_PROCESSES')),
    accepts: parseAccepts(read('NESTWIRE_ACCEPTS')),
    supervised: read('NESTWIRE_SUPERVISED') || undefined,
  };
  checkSecret(environment);
  return environment;
}

/** For what is said of variables that are wrong: looks at nothing but how it is to be written, and accepts everything. */
export function readLogEnvironment(variables: NodeJS.ProcessEnv = process.env): LogEnvironment {
  return {
    logLevels: ['fatal'],
    isJsonLog: wordsOf(variables['NESTWIRE_LOG'] ?? DEFAULTS.NESTWIRE_LOG).includes(JSON_LOG),
    supervised: variables['NESTWIRE_SUPERVISED'] || undefined,
  };
}

/** An error of a module in the operator's words. */
export function withVariableNames(message: string): string {
  return Object.entries(VARIABLE_OF_OPTION).reduce(
    (text, [option, variable]) => text.replaceAll(option, variable),
    message,
  );
}

/** @throws InvalidOptionError unless exactly one register is named: this process is that one. */
export function ownRegisterAddress({ registers }: Environment): NodeAddress {
  const [own, ...others] = registers;
  if (own !== undefined && others.length === 0) return own;
  throw new InvalidOptionError(
    'NESTWIRE_REGISTER',
    'names several registers. Start each register with its own address alone; gateways and workers get the whole list.',
  );
}

/** @throws InvalidOptionError when several are asked for: a register is always one process. */
export function checkOneProcess({ processes }: Environment): void {
  if (processes === 1) return;
  throw new InvalidOptionError(
    'NESTWIRE_PROCESSES',
    `must be left out for a register, which is always one process: no message passes through it. Set ${processes} for the ` +
      'gateways and workers; a second register for safety is started on its own, with its own NESTWIRE_REGISTER.',
  );
}

/** Several are parted by commas. The error never shows what was written. */
function parseSecret(text: string): string | readonly string[] {
  const secrets = wordsOf(text);
  if (secrets.length === 1) return text;
  if (!secrets.includes('') && new Set(secrets).size === secrets.length) return secrets;
  throw new InvalidOptionError(
    'NESTWIRE_SECRET',
    'must be one secret, or several different ones parted by commas, such as the new and the old one while it is being changed.',
  );
}

/** Only the base protocol, which interop speaks, is limited to IPv4. */
function parseAdvertise(text: string, serialization: 'json' | 'php'): NodeAddress | undefined {
  if (text === '') return undefined;
  const ipv4Only = serialization === 'php';
  const address = parseAddress(text, 'NESTWIRE_ADVERTISE', { ipv4Only, example: '10.0.0.5:9108' });
  if (!isUnspecified(address.host)) return address;
  throw new InvalidOptionError(
    'NESTWIRE_ADVERTISE',
    `must not be ${address.host}, which nobody can dial. Write the address by which workers reach this gateway, such as 10.0.0.5:9108.`,
  );
}

function parseListen(text: string): Pick<Environment, 'listen' | 'webSocketUrls'> {
  const listen = wordsOf(text);
  const webSocketUrls = listen.filter((url) => parseListenerUrl(url, 'NESTWIRE_LISTEN').kind === 'ws');
  return { listen, webSocketUrls };
}

function parseInterop(text: string): 'json' | 'php' {
  if (text === '') return 'json';
  if (text === INTEROP) return 'php';
  throw new InvalidOptionError('NESTWIRE_INTEROP', `must be empty or "${INTEROP}", not "${text}".`);
}

function parseLog(text: string): Pick<Environment, 'logLevels' | 'isJsonLog'> {
  const words = wordsOf(text);
  const unknown = words.find((word) => word !== JSON_LOG && !LOG_LEVELS.includes(word as LogLevel));
  const levels = words.filter((word) => word !== JSON_LOG);
  if (unknown !== undefined || levels.length > 1) {
    throw new InvalidOptionError(
      'NESTWIRE_LOG',
      `must be one of ${LOG_LEVELS.join(', ')}, with "json" added or not, such as "debug,json"; not "${text}".`,
    );
  }
  const level = (levels[0] ?? DEFAULTS.NESTWIRE_LOG) as LogLevel;
  return {
    logLevels: LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(level) + 1),
    isJsonLog: words.includes(JSON_LOG),
  };
}

function wordsOf(text: string): readonly string[] {
  return text.split(',').map((word) => word.trim());
}

function parseProcesses(text: string): number {
  const processes = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (processes >= 1 && processes <= MOST_PROCESSES) return processes;
  throw new InvalidOptionError(
    'NESTWIRE_PROCESSES',
    `must be a whole number from 1 to ${MOST_PROCESSES}, such as 2 on a machine with four cores; not "${text}".`,
  );
}

function parseAccepts(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidOptionError(
    'NESTWIRE_ACCEPTS',
    `must be a whole number of clients a second, such as ${DEFAULTS.NESTWIRE_ACCEPTS}, or 0 for no limit; not "${text}".`,
  );
}

function checkSecret({ secret, registers, lan }: Environment): void {
  if (secret !== '') return;
  const exposed = [...registers, lan].find(({ host }) => !isLoopback(host));
  if (exposed === undefined) return;
  throw new InvalidOptionError(
    'NESTWIRE_SECRET',
    `must not be empty when ${formatAddress(exposed)} is not on loopback: anyone there could join. Set the same secret on all nodes.`,
  );
}
