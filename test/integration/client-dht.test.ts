// The library's side of the DHT: a magnet link that nobody but the DHT can help, what is kept between runs, what is off when
// it is off. All nodes are on this machine.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { Client, type ClientOptions, magnetLink } from '#src/client/index.ts';
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
  // Two seeds leave each other: afterwards the peer may be gone.
  let sources: unknown;
  torrent.once('piece', () => {
    sources = [torrent.peers().map(({ source }) => source), torrent.progress().peersFrom];
  });
  await within(torrent.completed(), 'the download');
  assert.deepEqual(sources, [['dht'], { dht: 1 }]);
  const { seeds, peers } = await searching.dht!.scrape(metainfo.infoHash);
  assert.ok(seeds + peers >= 1);
  await assert.rejects(searching.dht!.scrape('nonsense'), { code: 'ERR_DHT_INFO_HASH' });
  await assert.rejects(searching.dht!.put(new Uint8Array(1001)), { code: 'ERR_DHT_VALUE' });
});

test('what is asked of the DHT when the client closes comes to nothing, and to an end', {
  timeout: 60_000,
}, async (t) => {
  const bench = await ClientBench.open(t);
  const lonely = await node(bench, []);
  const dht = lonely.dht!;
  const asked = Promise.all([
    dht.get('ab'.repeat(20)),
    dht.put(new TextEncoder().encode('2:hi')),
    dht.scrape('cd'.repeat(20)),
    dht.sample({ onSample: () => assert.fail('nobody is there') }),
  ]);
  const kept = dht.keep(new TextEncoder().encode('4:kept'));
  const aborted = AbortSignal.abort(new Error('enough'));
  await assert.rejects(dht.sample({ onSample: () => undefined, signal: aborted }), /enough/);
  await assert.rejects(dht.sample({ onSample: () => undefined, nodes: 0 }), { code: 'ERR_DHT_SAMPLE' });
  await lonely.close();
  const [value, put, scrape, sample] = await within(asked, 'the answers');
  assert.deepEqual(
    [value, put.nodes, scrape, sample],
    [undefined, 0, { seeds: 0, peers: 0 }, { asked: 0, answered: 0 }],
  );
  assert.equal((await within(kept, 'the value')).nodes, 0);
});

test('with several addresses we are a node at each (BEP 45), and a torrent is announced from all', {
  timeout: 60_000,
}, async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('everywhere', { 'a.bin': 1000 });
  const first = await node(bench, []);
  const warnings: string[] = [];
  const addresses = ['127.0.0.2', '127.0.0.3', '198.51.100.77'];
  const nodes = [(await first.listen())!];
  const many = bench.client({ listen: { port: 0 }, dht: { nodes, addresses } });
  many.on('warning', ({ code, message }) => warnings.push(`${code} ${message}`));
  const { port } = (await many.listen())!;
  assert.equal(warnings.length, 1, 'an address that is not ours is told and left out');
  assert.match(warnings[0]!, /^ERR_CLIENT_UDP no DHT on 198\.51\.100\.77/);
  await until(() => many.dht!.status().homes.filter(({ ready }) => ready).length === 2, 'a node at both addresses');
  const homes = many.dht!.status().homes.filter(({ local }) => local.host.startsWith('127.'));
  assert.deepEqual(
    homes.map(({ local }) => local),
    [
      { host: '127.0.0.2', port },
      { host: '127.0.0.3', port },
    ],
  );
  assert.notEqual(homes[0]!.id, homes[1]!.id);
  await until(() => first.dht!.status().nodes === 2, 'two nodes to others');
  await many.add(metainfo, { directory: bench.path('seed'), seed: true });
  await until(() => first.dht!.status().storedPeers === 2, 'a peer at each address');
  const refused: readonly ClientOptions[] = [
    { dht: { addresses: ['example.org'] } },
    { dht: { addresses: ['127.0.0.2', '127.0.0.2'] } },
    { listen: { host: '127.0.0.1', port: 0 }, dht: { addresses: ['127.0.0.2'] } },
  ];
  for (const options of refused) assert.throws(() => new Client(options), { code: 'ERR_CLIENT_OPTION' });
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
