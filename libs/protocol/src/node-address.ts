import { InvalidArgumentError, InvalidOptionError } from './errors.js';

/** Where a gateway is reached on the LAN. The base protocol knows IPv4 literals only. */
export interface NodeAddress {
  readonly host: string;
  /** 1–65535; 0 only where a listener asks for a free port. */
  readonly port: number;
}

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** @throws InvalidArgumentError unless `host` is four decimal bytes. */
export function packIPv4(host: string): number {
  const bytes = IPV4.exec(host)?.slice(1).map(Number);
  if (bytes === undefined || bytes.some((byte) => byte > 255)) {
    throw new InvalidArgumentError('host', `must be an IPv4 address such as 10.0.0.5, not "${host}"`);
  }
  return bytes.reduce((packed, byte) => packed * 256 + byte, 0);
}

export function unpackIPv4(packed: number): string {
  return `${packed >>> 24}.${(packed >>> 16) & 255}.${(packed >>> 8) & 255}.${packed & 255}`;
}

/**
 * The port itself, which two bytes on the wire can say.
 * @throws InvalidArgumentError otherwise: it would wrap, and name another node.
 */
export function checkPort(port: number): number {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('port', `must be a whole number from 0 to 65535, not ${port}`);
}

export function formatAddress({ host, port }: NodeAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export interface AddressRules {
  /**
   * The host must be an IPv4 literal, as in an address that is told to other nodes: the base protocol has four bytes for it.
   * @default false, names and [IPv6] are taken
   */
  readonly ipv4Only?: boolean;
  /**
   * Somebody connects to it, so port 0 and 0.0.0.0, which only make sense to listen on, are refused.
   * @default false
   */
  readonly dialled?: boolean;
  /**
   * What the error shows as right.
   * @default '127.0.0.1:9327', the register's
   */
  readonly example?: string;
}

const DEFAULT_EXAMPLE = '127.0.0.1:9327';
const ADDRESS = /^(?:\[([0-9a-f.]*:[0-9a-f:.]*)\]|([^\s:/@[\]]+)):(\d{1,5})$/i;
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?$/i;
const LOOKS_LIKE_IPV4 = /^[\d.]+$/;

/**
 * An address written as `host:port`.
 * @param option what the error names: the option or variable that the text came from
 * @throws InvalidOptionError that says what to write
 */
export function parseAddress(text: string, option: string, rules: AddressRules = {}): NodeAddress {
  const [, ipv6, name, digits] = ADDRESS.exec(text.trim()) ?? [];
  const host = ipv6 ?? name;
  if (host === undefined || !isHost(host)) {
    throw new InvalidOptionError(
      option,
      `must be written as host:port, such as ${rules.example ?? DEFAULT_EXAMPLE}, not "${text}".`,
    );
  }
  const port = Number(digits);
  if (port > 65_535) {
    throw new InvalidOptionError(option, `has the port ${port}; write one from 0 to 65535 into "${text}".`);
  }
  if (rules.ipv4Only === true && !isIPv4(host)) {
    throw new InvalidOptionError(
      option,
      `must have an IPv4 address for its host, such as 10.0.0.5:${port}: other nodes are told four bytes, which "${host}" is not.`,
    );
  }
  if (rules.dialled === true) checkDialled({ host, port }, option);
  return { host, port };
}

/**
 * Addresses parted by commas, at least one; an address that is written twice is taken once.
 * @throws InvalidOptionError that says what to write
 */
export function parseAddressList(text: string, option: string, rules: AddressRules = {}): NodeAddress[] {
  const addresses = text.split(',').map((part) => parseAddress(part, option, rules));
  return [...new Map(addresses.map((address) => [formatAddress(address), address])).values()];
}

/** Whether only processes of the same machine can reach what listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** Every interface of this machine: right to listen on, and nowhere to connect to. */
export function isUnspecified(host: string): boolean {
  return host === '::' || (isIPv4(host) && packIPv4(host) === 0);
}

function checkDialled({ host, port }: NodeAddress, option: string): void {
  if (port === 0) {
    throw new InvalidOptionError(
      option,
      `has port 0, where nobody can connect; write the port that "${host}" listens on.`,
    );
  }
  if (isUnspecified(host)) {
    throw new InvalidOptionError(
      option,
      `must not be ${host}, where no other node can connect; write the address of this machine that they reach, such as 10.0.0.5:${port}.`,
    );
  }
}

function isHost(host: string): boolean {
  if (host.includes(':')) return isIPv6(host);
  return LOOKS_LIKE_IPV4.test(host) ? isIPv4(host) : HOST_NAME.test(host);
}

function isIPv4(host: string): boolean {
  // A leading zero means octal to some systems and nothing to others: such a text names no host for sure.
  return (
    IPV4.exec(host)
      ?.slice(1)
      .every((byte) => Number(byte) <= 255 && byte === String(Number(byte))) === true
  );
}

function isIPv6(host: string): boolean {
  return URL.canParse(`tcp://[${host}]:1`);
}
