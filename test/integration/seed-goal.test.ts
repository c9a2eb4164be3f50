// Goals of seeding in whole clients: what earlier runs sent counts, and the torrent pauses.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import type { Client } from '#src/client/index.ts';
import { ClientBench, until, within } from '../support/client-bench.ts';

test('what an earlier run sent counts for the ratio; reached, the torrent pauses and seeds on when told to', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 200_000, b: 5 });
  const seedFrom = async (client: Client, ratio?: number) => {
    const { port } = (await client.listen())!;
    const seedGoal = ratio === undefined ? {} : { seedGoal: { ratio } };
    const torrent = await client.add(metainfo, { directory: bench.path('seed'), existing: 'trust', ...seedGoal });
    return { torrent, address: { host: '127.0.0.1', port } };
  };
  const fetch = async (folder: string, address: { host: string; port: number }) => {
    const torrent = await bench.client().add(metainfo, { directory: bench.path(folder), peers: [address] });
    await within(torrent.completed(), folder);
  };

  const first = bench.client();
  const before = await seedFrom(first);
  await fetch('get1', before.address);
  await until(() => before.torrent.progress().ratio >= 1, 'all was sent');
  await within(first.close(), 'the first run ends');

  const second = bench.client();
  const { torrent, address } = await seedFrom(second, 2);
  const reached = once(torrent, 'goal');
  await fetch('get2', address);
  const [goal] = await within(reached, 'the goal');
  assert.equal(goal.reason, 'ratio');
  assert.equal(torrent.state, 'paused');
  assert.ok(torrent.progress().ratio >= 2);
  await torrent.resume();
  assert.equal(torrent.state, 'seeding');
  torrent.setSeedGoal({ seconds: 0.2 });
  const [again] = await within(once(torrent, 'goal'), 'the second goal');
  assert.equal(again.reason, 'seconds');
  assert.throws(() => torrent.setSeedGoal({ ratio: 0 }), { code: 'ERR_CLIENT_OPTION' });
  await assert.rejects(second.add(metainfo, { seedGoal: { seconds: Number.NaN } }), { name: 'InputError' });
});
