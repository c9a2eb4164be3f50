import assert from 'node:assert/strict';
import test from 'node:test';
import { SourceError } from '../../base/errors.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { AnnouncePace } from '../discovery/announce-pace.ts';
import { TRACKER_BACK_OFF } from '../discovery/limits.ts';
import type { AnnounceRequest } from '../discovery/tracker-port.ts';
import { ANNOUNCE_STOPPED_TIMEOUT_MS, ANNOUNCE_TIMEOUT_MS } from '../limits.ts';
import { Announcing } from './announcing.ts';
import { ANNOUNCE_TIERS_MAX, NUM_WANT } from './limits.ts';

const TICKET_BASE = 1000;
const STANDING = { port: 6881, uploaded: 1, downloaded: 2, left: 3 };

function announcing(...urls: string[]) {
  const asked: { ticket: number; request: AnnounceRequest }[] = [];
  const votes: string[] = [];
  const cancelled: number[] = [];
  const made = new Announcing({
    tiers: urls.map((url) => [url]),
    infoHash: new Uint8Array(20).fill(1),
    peerId: new Uint8Array(20).fill(2),
    key: 77,
    trackers: {
      announce: (ticket, request) => asked.push({ ticket, request }),
      cancel: (ticket) => cancelled.push(ticket),
    },
    pace: new AnnouncePace(),
    random: new SeededRandom(1),
    ticketBase: TICKET_BASE,
    external: { vote: (address, by) => votes.push(`${address} by ${by}`) },
  });
  return { made, asked, votes, cancelled };
}

const REPLY = { peers: [{ host: '192.0.2.1', port: 5 }], intervalMs: 1_800_000 };

test('an announce says who we are and how we stand, under a ticket of its torrent', () => {
  const { made, asked } = announcing('http://a/announce');
  made.start();
  made.tick(0, true, () => STANDING);
  const { ticket, request } = asked[0]!;
  assert.ok(ticket > TICKET_BASE);
  assert.deepEqual(
    { ...request, infoHash: request.infoHash[0], peerId: request.peerId[0], trackerId: undefined },
    {
      ...STANDING,
      url: 'http://a/announce',
      event: 'started',
      trackerId: undefined,
      numWant: NUM_WANT,
      infoHash: 1,
      peerId: 2,
      key: 77,
      timeoutMs: ANNOUNCE_TIMEOUT_MS,
    },
  );
  assert.deepEqual(made.announced(ticket, REPLY, 10), { addresses: REPLY.peers });
});

test('whoever needs no peers asks for none, and the last words are short', () => {
  const { made, asked } = announcing('http://a/announce');
  made.start();
  made.tick(0, false, () => STANDING);
  assert.equal(asked[0]!.request.numWant, 0);
  made.announced(asked[0]!.ticket, REPLY, 10);
  made.stop();
  assert.ok(!made.settled);
  made.tick(20, true, () => STANDING);
  const { ticket, request } = asked[1]!;
  assert.deepEqual([request.event, request.numWant, request.timeoutMs], ['stopped', 0, ANNOUNCE_STOPPED_TIMEOUT_MS]);
  made.announced(ticket, new SourceError('ERR_TRACKER_TIMEOUT', 'nobody there'), 30);
  assert.ok(made.settled, 'nobody waits for the dead');
});

test('a failure is told once for each tracker, and again after it recovered', () => {
  const { made, asked } = announcing('http://a/announce');
  const failure = new SourceError('ERR_TRACKER_CONNECT', 'a cannot be reached');
  made.start();
  const codes: (string | undefined)[] = [];
  let nowMs = 0;
  for (const answer of [failure, failure, REPLY, failure]) {
    const before = asked.length;
    while (asked.length === before) {
      nowMs += 10_000;
      made.tick(nowMs, true, () => STANDING);
    }
    codes.push(made.announced(asked.at(-1)!.ticket, answer, nowMs).warning?.code);
  }
  assert.deepEqual(codes, ['ERR_TRACKER_CONNECT', undefined, undefined, 'ERR_TRACKER_CONNECT']);
});

test('that a proxy carries no UDP is a failure, and said by whoever says it once for all', () => {
  const { made, asked } = announcing('udp://a:1/announce');
  made.start();
  made.tick(0, true, () => STANDING);
  const answer = made.announced(asked[0]!.ticket, new SourceError('ERR_PROXY_UDP', 'it has no relays'), 0);
  assert.deepEqual(answer, { addresses: [] });
  assert.equal(made.status()[0]?.state, 'failing');
});

test('a warning of a tracker is passed on beside its peers', () => {
  const { made, asked } = announcing('http://a/announce');
  made.start();
  made.tick(0, true, () => STANDING);
  const { addresses, warning } = made.announced(asked[0]!.ticket, { ...REPLY, warning: 'old client' }, 0);
  assert.equal(addresses.length, 1);
  assert.deepEqual(warning, { code: 'ERR_TRACKER_WARNING', message: 'http://a/announce: old client' });
});

test('an answer that nobody waits for any more does no harm', () => {
  const { made, asked } = announcing('http://a/announce');
  made.start();
  made.tick(0, true, () => STANDING);
  const { ticket } = asked[0]!;
  made.announced(ticket, REPLY, 5);
  made.stop();
  made.tick(10, true, () => STANDING);
  made.announced(asked[1]!.ticket, REPLY, 10);
  assert.ok(made.settled);
  assert.deepEqual(made.announced(ticket, REPLY, 10), { addresses: [] });
  assert.deepEqual(made.announced(TICKET_BASE + 99, REPLY, 10), { addresses: [] });
  assert.ok(made.settled);
});

test('a tracker that is perhaps just listing us is told that we leave', () => {
  const { made, asked, cancelled } = announcing('http://a/announce');
  made.start();
  made.tick(0, true, () => STANDING);
  made.stop();
  assert.deepEqual(cancelled, [asked[0]!.ticket], 'the first word does not come after the last');
  assert.ok(!made.settled);
  made.tick(10, true, () => STANDING);
  assert.equal(asked[1]!.request.event, 'stopped');
  made.announced(asked[1]!.ticket, REPLY, 20);
  assert.ok(made.settled);
});

test('every tier is announced to, and each tells its peers', () => {
  const { made, asked } = announcing('http://a/announce', 'http://b/announce', 'http://c/announce');
  made.start();
  made.tick(0, true, () => STANDING);
  assert.deepEqual(
    asked.map(({ request: { url, event } }) => `${event} ${url}`),
    ['started http://a/announce', 'started http://b/announce', 'started http://c/announce'],
  );
  for (const { ticket } of asked.splice(0)) assert.deepEqual(made.announced(ticket, REPLY, 10).addresses, REPLY.peers);
  made.change({ kind: 'add', url: 'http://d/announce', tier: undefined });
  made.change({ kind: 'add', url: 'http://a/announce', tier: 2 });
  made.tick(20, false, () => STANDING);
  assert.deepEqual(
    made.status().map(({ url, tier }) => `${tier} ${url}`),
    ['0 http://a/announce', '1 http://b/announce', '2 http://c/announce', '3 http://d/announce'],
  );
  made.announced(asked[0]!.ticket, REPLY, 30);
  made.complete();
  made.tick(40, false, () => STANDING);
  assert.equal(asked.filter(({ request }) => request.event === 'completed').length, 4);
});

test('tiers beyond the most that are announced to are asked in turn', () => {
  const { made, asked } = announcing(...Array.from({ length: 40 }, (_, at) => `http://t${at}/announce`));
  made.start();
  made.tick(0, true, () => STANDING);
  assert.equal(asked.length, ANNOUNCE_TIERS_MAX);
  assert.equal(made.status().length, 40);
});

test('by which address a tracker sees us is a vote', () => {
  const { made, asked, votes } = announcing('http://a/announce');
  made.start();
  made.tick(0, true, () => STANDING);
  made.announced(asked[0]!.ticket, { ...REPLY, sightings: [{ address: '198.51.100.7', by: '192.0.2.1' }] }, 0);
  assert.deepEqual(votes, ['198.51.100.7 by 192.0.2.1']);
});

test('that our own way out is closed is held against no tracker, and once it is open all are asked at once', () => {
  const { made, asked } = announcing('http://a/announce', 'http://b/announce');
  const down = new SourceError('ERR_PROXY_CONNECT', 'the proxy is down');
  made.start();
  let nowMs = 0;
  const run = (untilMs: number): void => {
    for (; nowMs < untilMs; nowMs += 100) made.tick(nowMs, true, () => STANDING);
  };
  const answered = new Set<number>();
  const answer = (): void => {
    for (const { ticket } of asked) {
      if (answered.has(ticket)) continue;
      answered.add(ticket);
      assert.deepEqual(made.announced(ticket, down, nowMs), { addresses: [] });
    }
  };
  while (nowMs < 10 * 60_000) {
    run(nowMs + 1000);
    answer();
  }
  assert.ok(asked.length >= 20 && asked.length < 60, `asked ${asked.length} times in ten minutes`);
  assert.deepEqual(
    made.status().map(({ state }) => state),
    ['waiting', 'waiting'],
  );
  const before = asked.length;
  made.wayOpen();
  run(nowMs + 2000);
  assert.equal(asked.length, before + 2);
  const failure = new SourceError('ERR_TRACKER_CONNECT', 'it cannot be reached');
  made.announced(asked.at(-1)!.ticket, failure, nowMs);
  const [retryMs] = made
    .status()
    .flatMap(({ state, nextAnnounceMs = 0 }) => (state === 'failing' ? [nextAnnounceMs] : []));
  assert.ok(retryMs! - nowMs < 2 * TRACKER_BACK_OFF.firstMs, 'the first failure of its own');
});
