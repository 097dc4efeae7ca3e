import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const USUAL_PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/microsoft-edge',
  '/snap/bin/chromium',
  '/opt/google/chrome/chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** It talks to our own pages only: without these it looks for updates and the like, at every start. */
const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Undefined when there is none, which is said once: a test that was left out must not look like one that passed. */
export function findChromium(): string | undefined {
  const named = process.env['CHROMIUM_PATH'];
  if (named !== undefined && named !== '') {
    if (existsSync(named)) return named;
    throw new Error(`CHROMIUM_PATH names ${named}, and there is no such file`);
  }
  const found = USUAL_PLACES.find((path) => existsSync(path));
  if (found === undefined) {
    process.stderr.write(
      '\n*** test/browser is SKIPPED: no Chromium was found. Install it (apt-get install chromium), or say where it is ' +
        'with CHROMIUM_PATH.\n\n',
    );
  }
  return found;
}

export async function launchChromium(executablePath: string): Promise<Browser> {
  // Its sandbox does not work for root, which is who runs tests in most containers.
  const args = process.getuid?.() === 0 ? [...FLAGS, '--no-sandbox'] : FLAGS;
  return chromium.launch({ executablePath, args });
}
