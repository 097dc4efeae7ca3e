import { parseArgs } from 'node:util';

export interface SizeOptions {
  readonly connections: number;
  readonly groups: number;
  /** Of the one large group. */
  readonly members: number;
}

const MOST_CONNECTIONS = 1_048_575;

/** @throws RangeError for what is no count, or more than a gateway can hold. */
export function parseSizeOptions(args: readonly string[]): SizeOptions & { readonly isJson: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      connections: { type: 'string', default: '1000000' },
      groups: { type: 'string', default: '100000' },
      members: { type: 'string', default: '500000' },
      json: { type: 'boolean', default: false },
    },
  });
  const connections = countOf('connections', values.connections, MOST_CONNECTIONS);
  return {
    connections,
    groups: countOf('groups', values.groups, connections),
    members: countOf('members', values.members, connections),
    isJson: values.json,
  };
}

function countOf(name: string, text: string, most: number): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= most) return count;
  throw new RangeError(`--${name} must be a whole number from 1 to ${most}, not ${text}`);
}
