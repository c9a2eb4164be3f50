// The engine with web seeds, in virtual time: who is asked and how much, what a failure costs, and that no place is lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REQUEST_TIMEOUT_MS } from '#src/engine/limits.ts';
import type { TorrentSpec } from '#src/engine/torrent/torrent-spec.ts';
import { WEB_SEED_BACK_OFF, WEB_SEED_LANES_MAX, WEB_SEEDS_ASKED_MAX } from '#src/engine/webseed/limits.ts';
import type { WebSeedFailure } from '#src/engine/webseed/web-seed-port.ts';
import { type AddedTorrent, SimulatedSession } from '#src/testing/simulator/simulated-session.ts';
import type { WebSeedManners } from '#src/testing/simulator/virtual-web-seeds.ts';

const KIB = 1024;
const PIECE_BYTES = 64 * KIB;
const TOTAL_BYTES = 40 * PIECE_BYTES - 1000;
const BUSY: WebSeedFailure = { kind: 'busy', code: 'ERR_WEB_SEED_STATUS', message: 'answers with status 503' };

function scene(seeds: readonly WebSeedManners[], facts: Partial<TorrentSpec> = {}, totalBytes = TOTAL_BYTES) {
  const simulation = new SimulatedSession();
  const urls = seeds.map((_, at) => `http://mirror${at}/`);
  for (const [at, url] of urls.entries()) simulation.webSeeds.manners.set(url, seeds[at]!);
  const files = [
    { path: ['set', 'a'], offset: 0, length: 10 * PIECE_BYTES, pad: false },
    { path: ['set', 'b'], offset: 10 * PIECE_BYTES, length: totalBytes - 10 * PIECE_BYTES, pad: false },
  ];
  const content = { infoHash: new Uint8Array(20).fill(1), pieceBytes: PIECE_BYTES, files, single: false };
  const addresses = urls.map((url) => ({ kind: 'files', url }) as const);
  const added = simulation.add(totalBytes, PIECE_BYTES, { webSeeds: { addresses, content }, ...facts });
  added.torrent.dispatch({ type: 'resume' });
  return { simulation, urls, ...added };
}

function finish({ simulation, torrent }: AddedTorrent & { simulation: SimulatedSession }, limitMs = 60_000): void {
  assert.ok(
    simulation.runUntil(() => torrent.had.full, limitMs),
    torrent.stall().message,
  );
  assert.deepEqual(simulation.leftovers(torrent), []);
  assert.equal(simulation.webSeeds.openCount, 0);
}

test('one web seed brings everything, in long stretches', () => {
  const made = scene([{}]);
  finish(made);
  const asked = made.simulation.webSeeds.asked.get(made.urls[0]!)!;
  assert.equal(asked.length, Math.ceil(TOTAL_BYTES / (16 * KIB)));
  const breaks = asked.filter(([piece, begin], at) => {
    const [before = piece, beginBefore = begin - 16 * KIB] = asked[at - 1] ?? [];
    return piece * PIECE_BYTES + begin !== before * PIECE_BYTES + beginBefore + 16 * KIB;
  });
  assert.ok(breaks.length <= 2, `${breaks.length} jumps`);
});

test('of many web seeds a few are asked at a time', () => {
  const made = scene(Array.from({ length: 30 }, () => ({ blockMs: 20 })));
  finish(made);
  assert.equal(made.simulation.webSeeds.busiest, WEB_SEEDS_ASKED_MAX);
});

test('a web seed that fails is left alone for a while, for as long as it says', () => {
  const made = scene([{ failures: [{ ...BUSY, retryAfterMs: 30_000 }, BUSY] }]);
  const { simulation, torrent, news } = made;
  const asked = (): number => simulation.webSeeds.asked.get(made.urls[0]!)!.length;
  simulation.run(1000);
  const first = asked();
  simulation.run(28_000);
  assert.equal(asked(), first);
  assert.match(torrent.stall().message, /mirror0.*status 503; trying again in [12] s/);
  simulation.run(2000);
  assert.ok(asked() > first, 'when it said');
  const second = asked();
  simulation.run(WEB_SEED_BACK_OFF.firstMs);
  assert.equal(asked(), second, 'the second failure in a row costs twice as long');
  finish(made);
  assert.deepEqual(news.codes, ['ERR_WEB_SEED_STATUS'], 'told once');
});

test('that our own way out is closed is held against no web seed, and once it is open all are asked at once', () => {
  const down = { kind: 'busy', code: 'ERR_PROXY_CONNECT', message: 'the proxy is down' } as const;
  const [first, second]: WebSeedFailure[][] = [Array(40).fill(down), Array(40).fill(down)];
  const made = scene([{ failures: first! }, { failures: second! }]);
  const { simulation, torrent, news } = made;
  simulation.run(3000);
  assert.equal(torrent.stall().code, 'no-way-out');
  simulation.run(3 * 60_000);
  assert.equal(torrent.had.count, 0);
  assert.ok(first!.length > 20 && second!.length > 20, 'they are tried now and then');
  first!.length = 0;
  second!.splice(0, second!.length, BUSY);
  // A peer was reached, by another torrent perhaps.
  simulation.session.outage.over();
  simulation.run(300);
  assert.ok(torrent.had.count > 0, 'at once');
  finish(made, WEB_SEED_BACK_OFF.firstMs);
  assert.deepEqual(news.codes, ['ERR_WEB_SEED_STATUS'], 'its own failure alone, and the first');
});

test('a web seed that sends nothing gives way to another', () => {
  const made = scene([{ silent: true }, { blockMs: 5 }]);
  finish(made, REQUEST_TIMEOUT_MS + 10_000);
  assert.ok(made.news.codes.includes('ERR_WEB_SEED_STALLED'));
});

test('a liar is banned, and what it sent is fetched again', () => {
  const made = scene([{ corrupt: new Set([3, 17]) }, { blockMs: 20 }]);
  finish(made);
  assert.ok(made.news.codes.includes('ERR_WEB_SEED_CORRUPT'));
});

test('a liar alone is banned, and a peer brings what it owes', () => {
  const made = scene([{ corrupt: new Set([5]) }]);
  const { simulation, torrent, news } = made;
  assert.ok(simulation.runUntil(() => news.codes.includes('ERR_WEB_SEED_CORRUPT'), 10_000));
  simulation.addSeed(torrent, '10.0.0.1');
  finish(made);
});

test('a web seed without a file is asked for the other', () => {
  const failures: WebSeedFailure[] = [{ kind: 'absent', code: 'ERR_WEB_SEED_STATUS', message: '404', file: 0 }];
  const made = scene([{ failures }]);
  const { simulation, torrent } = made;
  assert.ok(
    simulation.runUntil(() => torrent.had.count === 30, 10_000),
    `${torrent.had.count} pieces`,
  );
  simulation.addSeed(torrent, '10.0.0.1');
  finish(made);
});

test('web seeds and peers share the work to the end, and nothing is left behind when it stops in the middle', () => {
  const made = scene([{ blockMs: 30 }, { blockMs: 1 }]);
  for (let at = 1; at <= 4; at++) made.simulation.addSeed(made.torrent, `10.0.0.${at}`);
  made.simulation.run(150);
  made.torrent.dispatch({ type: 'pause' });
  made.simulation.run(3000);
  assert.equal(made.simulation.webSeeds.openCount, 0, 'a torrent that stands still asks nobody');
  made.torrent.dispatch({ type: 'resume' });
  finish(made);
});

/** Lets a long download from one web seed run; returns the most connections, those after a minute and a half, and the seconds. */
function long(manners: WebSeedManners) {
  const made = scene([manners], {}, 2500 * PIECE_BYTES);
  const { simulation, torrent, news } = made;
  let most = 0;
  let late = 0;
  while (!torrent.had.full) {
    assert.ok(simulation.queue.nowMs < 600_000, torrent.stall().message);
    simulation.run(100);
    most = Math.max(most, simulation.webSeeds.openCount);
    if (simulation.queue.nowMs < 90_000) late = simulation.webSeeds.openCount;
  }
  const seconds = simulation.queue.nowMs / 1000;
  finish(made);
  return { most, late, seconds, news };
}

test('a web seed that gives each connection a rate gets several; one that they only share gets one', () => {
  const alone = long({ blockMs: 20, connectionsMax: 1 });
  const each = long({ blockMs: 20 });
  assert.equal(each.most, WEB_SEED_LANES_MAX);
  assert.ok(each.seconds < alone.seconds * 0.55, `${each.seconds} s, ${alone.seconds} s over one connection`);
  const shared = long({ blockMs: 20, shared: true });
  assert.deepEqual([shared.most, shared.late], [2, 1], 'one more is tried, and goes again');
  assert.ok(shared.seconds < alone.seconds * 1.05, `${shared.seconds} s`);
});

test('a web seed that refuses a second connection is heard of to nobody, and goes on over the first', () => {
  const { most, late, news } = long({ blockMs: 20, connectionsMax: 1 });
  assert.deepEqual([most, late, news.codes], [2, 1, []]);
});
