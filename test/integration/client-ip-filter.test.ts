// The IP filter of the public library, over real sockets.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { ClientBench, until, within } from '../support/client-bench.ts';

test('nobody who is filtered is let in or dialled, not even by name; without the filter they share', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { 'a.bin': 300_000 });
  const seed = await bench.seed(metainfo);
  const list = bench.path('filter.gz');
  await writeFile(list, gzipSync('Ourselves:127.0.0.0-127.255.255.255\n::1\nwords\n'));
  const client = bench.client({ ipFilter: list });
  const warned = once(client, 'warning');
  const peers = [seed.address, { host: 'localhost', port: seed.address.port }];
  const torrent = await client.add(metainfo, { directory: bench.path('get'), peers });
  assert.equal((await warned)[0].code, 'ERR_FILTER_LINE');
  // It dials us in turn: that is how we know that there was time for it.
  const address = await client.listen();
  seed.torrent.addPeer(address!);
  await until(() => torrent.progress().stall?.code === 'no-peers', 'everybody is refused');
  assert.deepEqual([torrent.peers(), seed.torrent.peers()], [[], []]);

  assert.deepEqual(await client.setIpFilter(['10.0.0.0/8']), {
    ranges: 1,
    skippedLines: 0,
    firstSkippedLine: 0,
    excessRanges: 0,
  });
  await within(torrent.completed(), 'the download completes');
});

test('connected peers that a new filter names are dropped; a list that cannot be read changes nothing', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { 'a.bin': 300_000 });
  const seed = await bench.seed(metainfo);
  const client = bench.client({ downloadBytesPerSecond: 20_000 });
  const torrent = await client.add(metainfo, { directory: bench.path('get'), peers: [seed.address] });
  await until(() => torrent.peers().length === 1, 'the seed is there');
  await assert.rejects(client.setIpFilter(bench.path('nowhere')), { code: 'ERR_FILTER_READ' });
  assert.equal(torrent.peers().length, 1);
  await client.setIpFilter(['127.0.0.1']);
  await until(() => torrent.peers().length === 0, 'the seed is gone');
});

test('a filter that cannot be read keeps the client from meeting anybody', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { 'a.bin': 1000 });
  const client = bench.client({ ipFilter: bench.path('nowhere') });
  await assert.rejects(client.add(metainfo, { directory: bench.path('get') }), { code: 'ERR_FILTER_READ' });
  await client.setIpFilter(undefined);
  await client.add(metainfo, { directory: bench.path('get') });
});
