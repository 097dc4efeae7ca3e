import { describe, expect, it } from 'vitest';
import { CloseCode } from './close-codes.js';

describe('CloseCode', () => {
  it('has the numbers that clients are told in the documentation', () => {
    expect(CloseCode).toEqual({
      Normal: 1000,
      GoingAway: 1001,
      Denied: 1008,
      MessageTooBig: 1009,
      Restart: 1012,
      TryAgainLater: 1013,
      SlowClient: 4001,
      HeartbeatMissed: 4002,
      Throttled: 4003,
      ClosedByApplication: 4004,
      Unauthenticated: 4401,
    });
  });

  it('uses only codes that an endpoint may send, each for one reason', () => {
    const codes = Object.values(CloseCode);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes) {
      // RFC 6455, 7.4: 1004–1006 and 1015 must never be on the wire; 4000–4999 are private.
      const registered = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
      expect(registered || (code >= 4000 && code <= 4999)).toBe(true);
    }
  });
});
