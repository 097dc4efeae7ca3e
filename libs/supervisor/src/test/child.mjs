// What a test lets a Supervisor fork. BEHAVIOUR says how it lives; what it does it writes into JOURNAL, in the order of all processes.
import { appendFileSync } from 'node:fs';

const { JOURNAL, PLACE, BEHAVIOUR } = process.env;
const note = (what) => appendFileSync(JOURNAL, `${PLACE} ${what}\n`);
const ready = () => process.send({ nestwire: 'ready', facts: { pid: process.pid } });
/** As a SupervisedProcess does: it goes when its supervisor says so. */
const obey = () => {
  process.on('SIGTERM', () => undefined);
  process.on('message', ({ nestwire }) => {
    if (nestwire !== 'stop') return;
    note('stops');
    setTimeout(() => {
      note('ends');
      process.exit(0);
    }, 50);
  });
};

const BEHAVIOURS = {
  good() {
    obey();
    note('ready');
    ready();
  },
  /** The same, and asks back at a SIGTERM of somebody else. */
  asking() {
    obey();
    process.on('SIGTERM', () => process.send({ nestwire: 'terminated' }));
    note('ready');
    ready();
  },
  /** Ends before it is ready. */
  failing() {
    note('fails');
    process.exit(3);
  },
  /** Lives, and is never ready. */
  silent() {
    note('is silent');
    process.on('message', () => undefined);
  },
  /** A program that knows nothing but signals. */
  plain() {
    process.on('message', () => undefined);
    note('ready');
    ready();
  },
  /** Does not end. */
  stubborn() {
    process.on('SIGTERM', () => note('ignores SIGTERM'));
    process.on('message', () => undefined);
    note('ready');
    ready();
  },
};
BEHAVIOURS[BEHAVIOUR]();
