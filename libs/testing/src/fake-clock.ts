import { mock } from 'node:test';

/** So many steps at most, of a millisecond at least: what one sets off, such as the next timer of a chain, has its turn before the next. */
const STEPS = 1_000;

/**
 * Time that stands still until a test moves it: timeouts, intervals, `Date` and `performance.now()` of this process, from
 * `install` to `uninstall`. Sockets do not know of it, so it is for handlers on a test worker (`createTestWorker`), not for clusters. It
 * stands on the mock timers of node:test, of which Node 20 warns that they are experimental; where a test runner brings fake timers of
 * its own, those serve as well.
 */
export class FakeClock {
  #isInstalled = true;

  private constructor(private readonly startedAt: number) {}

  /**
   * @param nowMs what `Date.now()` says at first
   * @throws Error when one is installed already
   */
  static install(nowMs = 0): FakeClock {
    const startedAt = performance.now();
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: nowMs });
    const clock = new FakeClock(startedAt);
    Object.defineProperty(performance, 'now', {
      configurable: true,
      value: () => clock.startedAt + Date.now() - nowMs,
    });
    return clock;
  }

  /** Lets so much time pass, and everything happen that is due, exact to a thousandth of it: also what timers and promises set off meanwhile. */
  async advance(ms: number): Promise<void> {
    const step = Math.max(1, Math.ceil(ms / STEPS));
    for (let left = ms; left > 0; left -= step) {
      mock.timers.tick(Math.min(step, left));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Back to real time. May be called twice. */
  uninstall(): void {
    if (!this.#isInstalled) return;
    this.#isInstalled = false;
    Reflect.deleteProperty(performance, 'now');
    mock.timers.reset();
  }
}
