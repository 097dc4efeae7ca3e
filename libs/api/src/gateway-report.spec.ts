import { describe, expect, it } from 'vitest';
import { formatAddress } from '#protocol';
import type { ExtensionGateway } from './test/extension-gateway.js';
import {
  KeptSink,
  TERMS,
  extensionGateway,
  linkedByExtension,
  unstartedExtension,
} from './test/extension-kit.js';
import type { Kit } from './test/pool-kit.js';

function nameOf({ address }: ExtensionGateway): string {
  return formatAddress(address);
}

function linesOf({ log }: Kit): string[] {
  return log.lines.map(({ level, text }) => `${level} ${text}`);
}

async function forgotten({ pool }: Kit): Promise<void> {
  await expect.poll(() => pool.members.length).toBe(0);
}

describe('the log has one line for each thing that happens:', () => {
  it('a gateway that stops has stopped', async () => {
    const node = await extensionGateway();
    const kit = await linkedByExtension([node]);
    kit.pool.subscribe(new KeptSink(), TERMS);
    const link = await node.untilTaken();
    kit.membership.list();
    node.left(link);
    link.close();
    await forgotten(kit);
    expect(linesOf(kit)).toEqual([
      `log Linked to the gateway ${nameOf(node)}`,
      `log The gateway ${nameOf(node)} has stopped`,
    ]);
  });

  it.each(['with', 'without'])(
    'a gateway that is killed is lost, %s somebody who takes its events',
    async (how) => {
      const node = await extensionGateway();
      const kit = await linkedByExtension([node]);
      if (how === 'with') {
        kit.pool.subscribe(new KeptSink(), TERMS);
        await node.untilTaken();
      }
      kit.membership.list();
      await node.stop();
      await forgotten(kit);
      await expect.poll(() => kit.log.warnings('lost')).toBe(1);
      expect(linesOf(kit).slice(1)).toEqual([
        expect.stringMatching(
          /^warn The link to the gateway \S+ ended; it is dialled again while it is listed\. /,
        ),
        `warn The gateway ${node.id} at ${nameOf(node)} is lost with its clients`,
      ]);
      expect(kit.log.lines[1]?.facts).toEqual({ gateway: nameOf(node), code: 'ERR_NESTWIRE_LINK_CLOSED' });
    },
  );

  it('a gateway that was never reached has left', async () => {
    const node = await extensionGateway();
    await node.stop();
    const kit = await linkedByExtension([node]);
    kit.membership.list();
    await forgotten(kit);
    expect(linesOf(kit)).toEqual([
      expect.stringMatching(
        /^warn The gateway \S+ could not be linked; it is dialled again while it is listed\. /,
      ),
      `log The gateway ${nameOf(node)} has left`,
    ]);
  });
});

describe('a refusal for the secret', () => {
  const REFUSED = /refused this node \(unproven\): the secret differs/;
  const EXPECTED = 'tries the next one: that is expected until every node has the list.';

  it('is said to be expected by a node that has several, and is let in with the next', async () => {
    const node = await extensionGateway({ secrets: ['old'] });
    const kit = unstartedExtension([node], { secret: ['new', 'old'] });
    await kit.pool.start();
    await expect.poll(() => kit.pool.members[0]?.isLinked).toBe(true);
    const [refused] = kit.log.lines;
    expect(refused?.text).toMatch(REFUSED);
    expect(refused?.text.endsWith(EXPECTED)).toBe(true);
    expect(refused?.facts).toEqual({ gateway: nameOf(node), code: 'ERR_NESTWIRE_HANDSHAKE_REFUSED' });
  });

  it('is not by a node that has one', async () => {
    const node = await extensionGateway({ secrets: ['other'] });
    const kit = unstartedExtension([node], { secret: 'one' });
    await kit.pool.start();
    expect(kit.log.lines[0]?.text).toMatch(REFUSED);
    expect(kit.log.lines[0]?.text).not.toContain(EXPECTED);
  });
});
