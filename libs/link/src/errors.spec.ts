import { describe, expect, it } from 'vitest';
import { LinkClosedError } from '#link';

describe('the error of a link that could not be made', () => {
  it('tells every address that a name was tried at, where the system gives no text for all of them', () => {
    const cause = new AggregateError(
      [new Error('connect ECONNREFUSED ::1:9327'), new Error('connect ECONNREFUSED 127.0.0.1:9327')],
      '',
    );
    const error = new LinkClosedError('localhost:9327', cause);
    expect(error.message).toBe(
      'The link to localhost:9327 failed: connect ECONNREFUSED ::1:9327; connect ECONNREFUSED 127.0.0.1:9327',
    );
    expect(error.cause).toBe(cause);
  });
});
