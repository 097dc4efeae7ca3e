import type { OptionCheck } from '#protocol';

/** One secret, or several while it is being changed: the first is dialled with, any is accepted. */
export type Secret = string | readonly string[];

/** More is no safer, and each one costs a digest for every stranger that knocks. */
const MAX_SECRETS = 8;
const MAX_SECRET_BYTES = 4_000;

/** Checks an option `secret`. An empty text is a secret, too, which a room refuses where others can reach its port. */
export const secretOption: OptionCheck = (value) => {
  const secrets = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(secrets) || secrets.length === 0 || secrets.some((secret) => typeof secret !== 'string'))
    return 'must be a string, the same one on every node, or a list of such strings while it is being changed.';
  if (secrets.length > MAX_SECRETS) return `must be at most ${MAX_SECRETS} strings, not ${secrets.length}.`;
  if (secrets.length > 1 && secrets.includes(''))
    return 'must not have an empty string in a list of several.';
  if (new Set(secrets).size < secrets.length) return 'must not have the same string twice.';
  const longest = Math.max(...secrets.map((secret: string) => Buffer.byteLength(secret)));
  return longest <= MAX_SECRET_BYTES
    ? undefined
    : `must be at most ${MAX_SECRET_BYTES} bytes long, and this one has ${longest}.`;
};

/** The secrets as a list, in the order in which they are tried. */
export function secretsOf(secret: Secret): readonly string[] {
  return typeof secret === 'string' ? [secret] : secret;
}

/** Whether it keeps nobody out. */
export function isNoSecret(secret: Secret): boolean {
  return secretsOf(secret).includes('');
}
