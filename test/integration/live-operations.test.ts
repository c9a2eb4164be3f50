// What a user does to a running torrent's trackers and peers.
import assert from 'node:assert/strict';
import test from 'node:test';
import { HttpTracker } from '#src/testing/tracker/http-tracker.ts';
import { ClientBench, until, within } from '../support/client-bench.ts';

test('a tracker that is added brings the download its seed, and is told good-bye when it is taken away', async (t) => {
  const bench = await ClientBench.open(t);
  const tracker = new HttpTracker();
  await tracker.listen();
  t.after(() => tracker.close());
  const metainfo = await bench.payload('set', { a: 50_000 });
  const seed = await bench.seed(metainfo);
  const client = bench.client();
  const torrent = await client.add(metainfo, { directory: bench.path('get') });
  assert.throws(() => torrent.addTracker('wss://w.example/'), { code: 'ERR_CLIENT_TRACKER' });
  assert.throws(() => torrent.addTracker(tracker.announceUrl, -1), { code: 'ERR_CLIENT_TRACKER' });
  // The seed first: whoever asks before it has told of itself hears of nobody until the next interval.
  for (const one of seed.client.torrents) one.addTracker(tracker.announceUrl);
  await until(() => tracker.announces.length > 0, 'the seed is known');
  torrent.addTracker(tracker.announceUrl);
  await within(torrent.completed(), 'the download');
  await until(() => torrent.trackers()[0]?.state === 'working', 'the tracker works');
  const [status] = torrent.trackers();
  assert.deepEqual([status?.url, status?.tier], [tracker.announceUrl, 0]);
  assert.ok(status!.nextAnnounceSeconds! > 0);
  // It is asked no sooner than it wants to be: that is for later.
  torrent.reannounce();
  torrent.removeTracker(tracker.announceUrl);
  await until(() => tracker.announces.some(({ event }) => event === 'stopped'), 'stopped is told');
  assert.deepEqual(torrent.trackers(), []);
});

test('a peer that is banned is dropped and does not come back', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 5_000_000 });
  const seed = await bench.seed(metainfo);
  const client = bench.client({ downloadBytesPerSecond: 100_000 });
  const torrent = await client.add(metainfo, { directory: bench.path('get'), peers: [seed.address] });
  const warnings: string[] = [];
  torrent.on('warning', ({ code }) => warnings.push(code));
  await until(() => torrent.peers().length === 1, 'the peer is there');
  torrent.banPeer(seed.address);
  await until(() => torrent.peers().length === 0, 'it is gone');
  assert.ok(warnings.includes('ERR_PEER_BANNED'));
  torrent.addPeer(seed.address);
  await until(() => torrent.progress().stall !== undefined, 'nobody is left');
  assert.equal(torrent.peers().length, 0);
});

test('a host that is banned from a client is met by none of its torrents, those to come among them', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 5_000_000 });
  const seed = await bench.seed(metainfo);
  const client = bench.client({ downloadBytesPerSecond: 100_000 });
  const first = await client.add(metainfo, { directory: bench.path('get'), peers: [seed.address] });
  await until(() => first.peers().length === 1, 'the peer is there');
  client.ban(seed.address.host);
  await until(() => first.peers().length === 0, 'it is gone');
  await first.remove();
  const second = await client.add(metainfo, { directory: bench.path('again'), peers: [seed.address] });
  await until(() => second.state === 'downloading' && second.progress().stall !== undefined, 'it stalls');
  assert.equal(second.peers().length, 0);
});
