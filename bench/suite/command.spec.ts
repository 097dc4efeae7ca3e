import { describe, expect, it } from 'vitest';
import { commandText } from './command.js';

describe('commandText', () => {
  it('is the plain command when nothing was asked for', () => {
    expect(commandText([])).toBe('npm run bench');
  });

  it('quotes what a shell would take apart', () => {
    expect(commandText(['--only', "one connection's echo", '--runs', '1'])).toBe(
      String.raw`npm run bench -- --only 'one connection'\''s echo' --runs 1`,
    );
  });

  it('tells nobody where on this machine programs are', () => {
    expect(commandText(['--generator', '/home/someone/bin/wsload', '--reference=/opt/x/cserver'])).toBe(
      'npm run bench -- --generator wsload --reference=cserver',
    );
  });
});
