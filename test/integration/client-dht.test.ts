// The library's side of the DHT: a magnet link that nobody but the DHT can help, what is kept between runs, what is off when
// it is off. All nodes are on this machine.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { type Client, type ClientOptions, magnetLink } from '#src/client/index.ts';
import { ClientBench, until, within } from '../support/client-bench.ts';

/** A client whose only way into the DHT are the named others. */
async function node(bench: ClientBench, others: readonly Client[], options: ClientOptions = {}): Promise<Client> {
  const nodes = await Promise.all(others.map(async (other) => (await other.listen())!));
  const client = bench.client({ dht: { nodes }, ...options });
  await client.listen();
  return client;
}

test('a magnet link downloads with the DHT alone, and its peers are said to come from there', {
  timeout: 60_000,
}, async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('found', { 'a.bin': 300_000 });
  const first = await node(bench, []);
  const seeding = await node(bench, [first]);
  const seed = await seeding.add(metainfo, { directory: bench.path('seed'), seed: true });
  await within(seed.completed(), 'a seed');
  await until(() => first.dht!.status().storedPeers === 1, 'the seed has announced itself');
  const searching = await node(bench, [first]);
  const link = magnetLink({ ...metainfo, tiers: [] });
  const torrent = await within(searching.add(link, { directory: bench.path('got') }), 'the metadata');
  await within(torrent.completed(), 'the download');
  assert.deepEqual(
    torrent.peers().map(({ source }) => source),
    ['dht'],
  );
  assert.deepEqual(torrent.progress().peersFrom, { dht: 1 });
  const { seeds, peers } = await searching.dht!.scrape(metainfo.infoHash);
  assert.ok(seeds + peers >= 1);
  await assert.rejects(searching.dht!.scrape('nonsense'), { code: 'ERR_DHT_INFO_HASH' });
  await assert.rejects(searching.dht!.put(new Uint8Array(1001)), { code: 'ERR_DHT_VALUE' });
});

test('a private torrent is not announced (BEP 27)', { timeout: 60_000 }, async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = { ...(await bench.payload('secret', { 'a.bin': 1000 })), private: true };
  const first = await node(bench, []);
  const seeding = await node(bench, [first]);
  await seeding.add(metainfo, { directory: bench.path('seed'), seed: true });
  const open = await bench.payload('open', { 'b.bin': 1000 });
  await until(() => seeding.dht!.status().ready, 'a node that has joined');
  await seeding.add(open, { directory: bench.path('seed'), seed: true });
  await until(() => first.dht!.status().storedTorrents > 0, 'the open one has been announced');
  assert.equal(first.dht!.status().storedTorrents, 1);
});

test('nodes are kept between runs, and a torrent’s own lead in, too', { timeout: 60_000 }, async (t) => {
  const bench = await ClientBench.open(t);
  const first = await node(bench, []);
  const second = await node(bench, [first]);
  await until(() => second.dht!.status().nodes === 1 && first.dht!.status().nodes === 1, 'both know each other');
  const { id } = second.dht!.status();
  await second.close();
  const again = await node(bench, []);
  await until(() => again.dht!.status().nodes === 1, 'the node of the last run is there');
  assert.equal(again.dht!.status().id, id);
  await again.close();
  process.env['MILLRACE_DATA_DIR'] = bench.path('elsewhere');
  const stranger = bench.client({ dht: { nodes: [] }, allowLocal: true });
  const metainfo = { ...(await bench.payload('led', { 'a.bin': 1000 })), nodes: [(await first.listen())!] };
  await stranger.add(metainfo, { directory: bench.path('got') });
  await until(() => stranger.dht!.status().nodes === 1, 'the torrent’s node answered');
});

test('off, there is no node and no socket; without a listening port it answers nobody', {
  timeout: 60_000,
}, async (t) => {
  const bench = await ClientBench.open(t);
  const off = bench.client({ dht: false, utp: 'off' });
  const { port } = (await off.listen())!;
  assert.equal(off.dht, undefined);
  const socket = createSocket('udp4').bind(port, '127.0.0.1');
  t.after(() => void socket.close());
  await once(socket, 'listening');
  const first = await node(bench, []);
  const silent = await node(bench, [first], { listen: false });
  await until(() => silent.dht!.status().nodes === 1, 'it finds its way');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.equal(first.dht!.status().nodes, 0, 'nobody remembers a node that answers nobody');
});
