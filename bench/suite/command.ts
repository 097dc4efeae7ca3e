import { basename } from 'node:path';

const PLAIN = /^[\w.,=/@:+-]+$/;

/**
 * The command as anyone may repeat it. Of paths outside this package only the last part is kept: results are published,
 * and whose machine it was is nobody's business.
 */
export function commandText(args: readonly string[]): string {
  return ['npm run bench', ...(args.length > 0 ? ['--', ...args.map(wordText)] : [])].join(' ');
}

function wordText(arg: string): string {
  const [, flag = '', path] = /^(--[\w-]+=)?(\/.*)$/.exec(arg) ?? [];
  const word = path === undefined ? arg : `${flag}${basename(path)}`;
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
