import type { CrowdRequest, CrowdResponse, CrowdSettings } from './commands.js';
import { Crowd } from './crowd.js';

/** Clients in a process of their own: what they measure is not the business of whoever else runs. */
const crowd = new Crowd(JSON.parse(process.argv[2]!) as CrowdSettings);

process.on('message', ({ id, name, given }: CrowdRequest) => {
  const call = crowd[name].bind(crowd) as (given: unknown) => unknown;
  Promise.resolve()
    .then(() => call(given))
    .then(
      (result) => answer({ id, result }),
      (error: unknown) => answer({ id, error: error instanceof Error ? error.message : String(error) }),
    );
});
// Whoever it plays for is done, or gone.
process.on('disconnect', () => process.exit(0));

function answer(response: CrowdResponse): void {
  process.send?.(response);
}
