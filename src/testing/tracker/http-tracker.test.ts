import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fromLatin1, toLatin1 } from '../../base/bytes.ts';
import { decodeBencode } from '../../protocol/bencode/bencode-decoder.ts';
import { BencodeDictionary } from '../../protocol/bencode/bencode-value.ts';
import type { AnnounceFields } from '../../protocol/tracker/announce.ts';
import { decodeHttpAnnounceReply } from '../../protocol/tracker/http-announce-reply.ts';
import { httpAnnounceUrl, percentEncode } from '../../protocol/tracker/http-announce-url.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { encodeAddress } from './compact-encoding.ts';
import { HttpTracker, type HttpTrackerSettings } from './http-tracker.ts';

const INFO_HASH = new Uint8Array(20).fill(0xfe);

async function started(settings: HttpTrackerSettings = {}, host?: string): Promise<HttpTracker> {
  const tracker = new HttpTracker(settings);
  await tracker.listen(host);
  after(() => tracker.close());
  return tracker;
}

function fields(port: number, changes: Partial<AnnounceFields> = {}): AnnounceFields {
  const peerId = fromLatin1(`-MR0100-${String(port).padStart(12, '0')}`);
  const numbers = { uploaded: 0, downloaded: 0, left: 1, numWant: 50, key: 7 };
  return { infoHash: INFO_HASH, peerId, port, event: 'started', ...numbers, ...changes };
}

async function get(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  assert.equal(response.status, 200);
  return new Uint8Array(await response.arrayBuffer());
}

async function announce(
  tracker: HttpTracker,
  announced: AnnounceFields,
): Promise<ReturnType<typeof decodeHttpAnnounceReply>> {
  return decodeHttpAnnounceReply(await get(httpAnnounceUrl(tracker.announceUrl, announced)));
}

const portsOf = (peers: readonly { port: number }[]): number[] => peers.map(({ port }) => port).sort((a, b) => a - b);

test('peers find each other, and nobody finds itself', async () => {
  const tracker = await started({ intervalSeconds: 90, minIntervalSeconds: 30, trackerId: 'seven' });
  const first = await announce(tracker, fields(1001));
  assert.deepEqual(first.peers, []);
  const second = await announce(tracker, fields(1002));
  assert.deepEqual(second, {
    peers: [{ host: '127.0.0.1', port: 1001 }],
    intervalMs: 90_000,
    minIntervalMs: 30_000,
    trackerId: fromLatin1('seven'),
    seeds: 0,
    leeches: 2,
    warning: undefined,
    externalIp: '127.0.0.1',
  });
  assert.deepEqual((await announce(tracker, fields(1001, { infoHash: new Uint8Array(20) }))).peers, []);
});

test('completed makes a seed, seeds get no seeds, and stopped makes a peer disappear', async () => {
  const tracker = await started();
  await announce(tracker, fields(1001, { left: 0 }));
  await announce(tracker, fields(1002));
  const seeding = await announce(tracker, fields(1002, { left: 0, event: 'completed' }));
  assert.deepEqual([seeding.seeds, seeding.leeches, seeding.peers.length], [2, 0, 0]);
  const stopping = await announce(tracker, fields(1001, { left: 0, event: 'stopped' }));
  assert.deepEqual([stopping.seeds, stopping.peers.length], [1, 0]);
  assert.deepEqual(portsOf((await announce(tracker, fields(1003))).peers), [1002]);
  const url = `${tracker.announceUrl.replace('/announce', '/scrape')}?info_hash=${percentEncode(INFO_HASH)}`;
  const scraped = decodeBencode(await get(url));
  assert.ok(scraped instanceof BencodeDictionary);
  const figures = scraped.dictionary('files')?.dictionary(toLatin1(INFO_HASH));
  const counted = ['complete', 'incomplete', 'downloaded'].map((key) => figures?.integer(key));
  assert.deepEqual(counted, [1, 1, 1]);
});

test('a silent peer is forgotten after its time', async () => {
  const clock = new VirtualClock();
  const tracker = await started({ intervalSeconds: 10, clock });
  await announce(tracker, fields(1001));
  clock.advance(19_999);
  assert.equal((await announce(tracker, fields(1002))).peers.length, 1);
  clock.advance(1);
  assert.deepEqual(portsOf((await announce(tracker, fields(1003))).peers), [1002]);
});

test('nobody gets more peers than it wants', async () => {
  const tracker = await started();
  for (let port = 1001; port <= 1010; port++) await announce(tracker, fields(port));
  const sample = (await announce(tracker, fields(1001, { numWant: 4 }))).peers;
  assert.equal(new Set(portsOf(sample)).size, 4);
  assert.equal((await announce(tracker, fields(1001, { numWant: 0 }))).peers.length, 0);
});

test('old clients get dictionaries', async () => {
  const tracker = await started();
  await announce(tracker, fields(1001));
  const url = httpAnnounceUrl(tracker.announceUrl, fields(1002)).replace('compact=1', 'compact=0');
  const reply = decodeBencode(await get(url));
  assert.ok(reply instanceof BencodeDictionary);
  const [peer] = reply.list('peers') ?? [];
  assert.ok(peer instanceof BencodeDictionary);
  assert.equal(peer.text('ip'), '127.0.0.1');
  assert.equal(peer.integer('port'), 1001);
  assert.equal(peer.text('peer id'), '-MR0100-000000001001');
});

test('IPv6 peers come in peers6', async () => {
  const tracker = await started({}, '::1');
  await announce(tracker, fields(1001));
  assert.deepEqual((await announce(tracker, fields(1002))).peers, [{ host: '::1', port: 1001 }]);
});

test('what is no announce is refused with a reason, and other pages do not exist', async () => {
  const tracker = await started();
  const refused = decodeBencode(await get(`${tracker.announceUrl}?info_hash=abc`));
  assert.ok(refused instanceof BencodeDictionary);
  assert.match(refused.text('failure reason') ?? '', /info_hash/);
  assert.equal((await fetch(tracker.announceUrl.replace('/announce', '/'))).status, 404);
  assert.equal(tracker.announces.length, 0);
});

test('addresses become bytes', () => {
  assert.deepEqual([...encodeAddress('192.0.2.1')], [192, 0, 2, 1]);
  assert.equal(Buffer.from(encodeAddress('2001:db8::1:0')).toString('hex'), '20010db8000000000000000000010000');
  assert.equal(Buffer.from(encodeAddress('::')).toString('hex'), '0'.repeat(32));
  assert.equal(Buffer.from(encodeAddress('1:2:3:4:5:6:7:8')).toString('hex'), '00010002000300040005000600070008');
});
