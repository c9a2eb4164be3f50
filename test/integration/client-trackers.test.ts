// Clients that find each other through real trackers, HTTP and UDP, and tell them how they fare.
import assert from 'node:assert/strict';
import test from 'node:test';
import { HttpTracker } from '#src/testing/tracker/http-tracker.ts';
import { UdpTracker } from '#src/testing/tracker/udp-tracker.ts';
import { ClientBench, until, within } from '../support/client-bench.ts';

for (const [name, make] of [
  ['HTTP', () => new HttpTracker({ trackerId: 'seven' })],
  ['UDP', () => new UdpTracker()],
] as const) {
  test(`a client finds the seed through an ${name} tracker, which hears of its whole life`, async (t) => {
    const bench = await ClientBench.open(t);
    const tracker = make();
    await tracker.listen('127.0.0.1', 0);
    t.after(() => tracker.close());
    const metainfo = await bench.payload('set', { a: 500_000 }, { tiers: [[tracker.announceUrl]] });
    const seed = await bench.seed(metainfo);
    await until(() => tracker.announces.length === 1, 'the seed announces itself');
    const client = bench.client();
    const { port } = (await client.listen())!;
    const torrent = await client.add(metainfo, { directory: bench.path('get') });
    await within(torrent.completed(), 'the download');
    const mine = () => tracker.announces.filter((announce) => announce.port === port);
    await until(() => mine().length === 2, 'completed is announced');
    await within(client.close(), 'the client closes');
    assert.deepEqual(
      mine().map(({ event, left }) => [event, left]),
      [
        ['started', 500_000],
        ['completed', 0],
        ['stopped', 0],
      ],
    );
    const ids = mine().map(({ trackerId }) => trackerId && Buffer.from(trackerId).toString());
    const given = name === 'HTTP' ? 'seven' : undefined;
    assert.deepEqual(ids, [undefined, given, given], 'the id of the first reply is in every later announce (BEP 3)');
    assert.ok(mine()[2]!.downloaded >= 500_000);
    assert.equal(mine()[0]!.numWant, 200);
    assert.ok(mine().every(({ key, peerId }) => key === mine()[0]!.key && peerId.length === 20));
    await within(seed.client.close(), 'the seed closes');
    const theirs = tracker.announces.filter((announce) => announce.port === seed.address.port);
    assert.deepEqual(
      theirs.map(({ event }) => event),
      ['started', 'stopped'],
    );
    assert.ok(theirs[1]!.uploaded >= 500_000);
  });
}

test('no tracker is asked by who does not want trackers', async (t) => {
  const bench = await ClientBench.open(t);
  const tracker = new HttpTracker();
  await tracker.listen();
  t.after(() => tracker.close());
  const metainfo = await bench.payload('set', { a: 50_000 }, { tiers: [[tracker.announceUrl]] });
  const seed = await bench.seed(metainfo, { trackers: false });
  const client = bench.client();
  const torrent = await client.add(metainfo, { directory: bench.path('get'), peers: [seed.address], trackers: false });
  await within(torrent.completed(), 'the download');
  await client.close();
  await seed.client.close();
  assert.equal(tracker.announces.length, 0);
});

test('a tracker that is dead or refuses is a warning, told once, and holds nothing up', async (t) => {
  const bench = await ClientBench.open(t);
  const tracker = new HttpTracker();
  await tracker.listen();
  t.after(() => tracker.close());
  tracker.refusal = { reason: 'go away' };
  const tiers = [['http://127.0.0.1:9/announce'], [tracker.announceUrl]];
  const metainfo = await bench.payload('set', { a: 500_000 }, { tiers });
  const seed = await bench.seed(metainfo, { trackers: false });
  const client = bench.client({ downloadBytesPerSecond: 400_000 });
  const torrent = await client.add(metainfo, { directory: bench.path('get'), peers: [seed.address] });
  const warnings: string[] = [];
  torrent.on('warning', ({ message }) => warnings.push(message));
  await within(torrent.completed(), 'the download');
  assert.equal(warnings.length, 2);
  assert.ok(warnings.some((message) => message.includes('go away')));
  await within(client.close(), 'nobody waits for dead trackers', 3000);
});

test('a tracker that never answers holds up the end for two seconds at most', async (t) => {
  const bench = await ClientBench.open(t);
  const tracker = new UdpTracker();
  await tracker.listen('127.0.0.1', 0);
  t.after(() => tracker.close());
  const metainfo = await bench.payload('set', { a: 50_000 }, { tiers: [[tracker.announceUrl]] });
  const { client } = await bench.seed(metainfo);
  await until(() => tracker.announces.length === 1, 'it is listed');
  tracker.losePackets = 1000;
  const startMs = performance.now();
  await within(client.close(), 'the client closes', 4000);
  assert.ok(performance.now() - startMs < 3000);
});
