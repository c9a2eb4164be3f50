// Rate limits of single torrents, over real sockets, and what a profile says of them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { ClientBench, until, within } from '../support/client-bench.ts';

test("a torrent's own limit holds from the start, and can be lifted", async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { 'a.bin': 4_000_000 });
  const seed = await bench.seed(metainfo);
  const client = bench.client();
  const limits = { downloadBytesPerSecond: 200_000 };
  const torrent = await client.add(metainfo, { directory: bench.path('get'), peers: [seed.address], ...limits });
  const startedMs = performance.now();
  await within(once(torrent, 'piece'), 'the first piece');
  const seconds = (performance.now() - startedMs) / 1000 + 1;
  const { placedBytes, copiedBytes } = client.dataPath();
  assert.ok(placedBytes + copiedBytes <= seconds * 200_000 + 100_000, `${placedBytes + copiedBytes} in ${seconds} s`);
  assert.throws(() => torrent.limit({ downloadBytesPerSecond: -1 }), { code: 'ERR_CLIENT_OPTION' });
  torrent.limit({ downloadBytesPerSecond: 0 });
  await within(torrent.completed(), 'the download completes');
});

test('a profile knows what we hold up ourselves: a limit, or the scheduling', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { 'a.bin': 1_000_000 });
  const seed = await bench.seed(metainfo);
  const client = bench.client({ profile: true, scheduling: 'tick-100' });
  const used = () => client.profile()!.gauges.find(({ name }) => name === 'download limit used')?.value ?? 0;
  assert.equal(used(), 0);
  const limits = { downloadBytesPerSecond: 200_000 };
  const torrent = await client.add(metainfo, { directory: bench.path('get'), peers: [seed.address], ...limits });
  await within(once(torrent, 'piece'), 'the first piece');
  assert.ok(used() > 0 && used() <= 100, "a torrent's own limit");
  torrent.limit({ downloadBytesPerSecond: 0 });
  client.limit({ downloadBytesPerSecond: 500_000 });
  await within(torrent.completed(), 'the download completes');
  assert.ok(used() > 0 && used() <= 100, "the client's limit");
  client.limit({ downloadBytesPerSecond: 0 });
  await until(() => client.profile()!.bottleneck.includes('The scheduling tick-100'), 'the threads have rested');
});

test('a limit that is none is refused before the torrent is added', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { 'a.bin': 1000 });
  const client = bench.client();
  const options = { directory: bench.path('get'), uploadBytesPerSecond: Number.NaN };
  await assert.rejects(client.add(metainfo, options), { code: 'ERR_CLIENT_OPTION' });
  assert.deepEqual(client.torrents, []);
});

test('connections of a torrent and of a client can be limited while they run', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { 'a.bin': 4_000_000 });
  const seeds = [await bench.seed(metainfo), await bench.seed(metainfo), await bench.seed(metainfo)];
  const client = bench.client();
  const peers = seeds.map(({ address }) => address);
  const torrent = await client.add(metainfo, { directory: bench.path('get'), peers, downloadBytesPerSecond: 50_000 });
  await until(() => torrent.peers().length === 3, 'all are there');
  torrent.limit({ peersMax: 2 });
  await until(() => torrent.peers().length === 2, 'one had to go');
  client.limit({ peersMax: 1 });
  await until(() => torrent.peers().length === 1, 'and another one');
  assert.throws(() => torrent.limit({ peersMax: 0 }), { code: 'ERR_CLIENT_OPTION' });
  assert.throws(() => client.limit({ peersMax: 1.5 }), { code: 'ERR_CLIENT_OPTION' });
  torrent.limit({ peersMax: 3, downloadBytesPerSecond: 0 });
  client.limit({ peersMax: 200 });
  await within(torrent.completed(), 'the download completes');
});
