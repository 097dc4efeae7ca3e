import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLOSE_FRAME_AS_MESSAGE, GatewayReplay, REPLY_AFTER_CLOSE_CLIENT } from './gateway-replay.js';
import { OurServices } from './our-services.js';
import { recordedConnection, TIMELINE, type RecordedData } from './recorded-timeline.js';

/** Packets of the original's register and gateway, but for pings and what ours does not send. */
const EXPECTED_PACKETS = 141;

/** What the recorded register and gateway have sent: to their peers, and the gateway to the register. */
function isOurs({ dir, conn, frames }: RecordedData): boolean {
  const isGateway = recordedConnection(conn).role === 'gateway->register';
  return isGateway ? dir === 'c2s' && frames?.[0]?.name !== 'PING' : dir === 's2c';
}

describe('the recorded conversation with our register and our gateway', () => {
  let services: OurServices;
  let replay: GatewayReplay;

  beforeAll(async () => {
    services = await OurServices.create();
    replay = new GatewayReplay(services);
  });

  afterAll(async () => {
    replay.close();
    await services.close();
  });

  it('is answered as the original answered it: an unchanged PHP worker works for our gateway', async () => {
    for (const moment of TIMELINE) await replay.play(moment);
  });

  it('compared all that the original sent, but for the two packets that ours does not send', () => {
    const sent = TIMELINE.filter((moment) => moment.kind === 'data').filter(isOurs);
    const withoutCounterpart = [CLOSE_FRAME_AS_MESSAGE, REPLY_AFTER_CLOSE_CLIENT];
    const numbers = sent.map(({ n }) => n).filter((n) => !withoutCounterpart.includes(n));
    expect(numbers).toHaveLength(EXPECTED_PACKETS);
    expect(replay.compared).toEqual(numbers);
  });

  it('brought nothing that the original did not send', () => {
    replay.expectNothingUnread();
  });

  it('met every deviation that is listed', () => {
    expect(replay.deviations.unused).toEqual([]);
  });

  it('left the gateway without a complaint', () => {
    expect(services.gateway.stats).toMatchObject({ badLinks: 0, badClientBytes: 0, eventsDropped: 0 });
  });
});
