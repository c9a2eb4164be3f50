// Which tracker is asked when, and what is said to it from the start to the end.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { TrackerFailure } from '../../protocol/tracker/tracker-failure.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { A, AnnouncerScene, B, C, GOOD, HALF_HOUR_MS } from '../../testing/tracker/announcer-scene.ts';
import { type Announcement, Announcer } from './announcer.ts';
import {
  ANNOUNCE_EARLY_FIRST_MS,
  ANNOUNCE_INTERVAL_MAX_MS,
  ANNOUNCE_INTERVAL_MIN_MS,
  ANNOUNCE_PARALLEL_MAX,
  ANNOUNCE_PATIENCE_MS,
  ANNOUNCE_STOPPED_MAX,
} from './limits.ts';

test('nothing is due before the start, and started comes first, once', () => {
  const idle = new Announcer([[A]], new SeededRandom(1));
  assert.deepEqual(idle.due(0, true), []);
  assert.equal(idle.settled, true);

  const swarm = new AnnouncerScene(Announcer, [[A]]);
  const first = swarm.expect(`started ${A}`);
  swarm.silent();
  swarm.succeed(first);
  swarm.silent();
  swarm.clock.advance(HALF_HOUR_MS - 1);
  swarm.silent();
  swarm.clock.advance(1);
  swarm.succeed(swarm.expect(`none ${A}`));
});

test('the next tracker is asked when one fails, tier by tier, and the round ends with the first answer', () => {
  const swarm = new AnnouncerScene(Announcer, [[A], [B], [C]]);
  swarm.fail(swarm.expect(`started ${A}`));
  swarm.succeed(swarm.expect(`started ${B}`));
  swarm.silent();
  swarm.clock.advance(HALF_HOUR_MS);
  swarm.fail(swarm.expect(`started ${A}`));
  swarm.succeed(swarm.expect(`none ${B}`));
  swarm.silent();
});

test('a tracker that works moves to the front of its tier and no further', () => {
  const swarm = new AnnouncerScene(Announcer, [[A, B, C], ['http://d.example/']]);
  const [first, second] = swarm.announcer.status().map(({ url }) => url);
  swarm.fail(swarm.expect(`started ${first}`));
  swarm.succeed(swarm.expect(`started ${second}`));
  assert.equal(swarm.announcer.status()[0]?.url, second);
  assert.equal(swarm.announcer.status()[1]?.url, first);
  assert.equal(swarm.announcer.status()[3]?.url, 'http://d.example/');
});

test('tiers are shuffled inside and keep their order among each other', () => {
  const orders = new Set<string>();
  for (let seed = 0; seed < 40; seed++) {
    const urls = new AnnouncerScene(Announcer, [[A, B], [C]], seed).announcer.status().map(({ url }) => url);
    assert.equal(urls[2], C);
    orders.add(urls.join());
  }
  assert.equal(orders.size, 2);
});

test('URLs that come twice or that nobody can speak to are not asked', () => {
  const swarm = new AnnouncerScene(Announcer, [['wss://w.example/'], [A, A], [A]]);
  assert.equal(swarm.announcer.status().length, 2);
  swarm.fail(swarm.expect(`started ${A}`));
  swarm.silent();
  assert.equal(swarm.announcer.status()[0]?.state, 'unsupported');
});

test('an interval is honoured within limits', () => {
  for (const [given, kept] of [
    [0, ANNOUNCE_INTERVAL_MIN_MS],
    [1e12, ANNOUNCE_INTERVAL_MAX_MS],
    [90_000, 90_000],
  ] as const) {
    const swarm = new AnnouncerScene(Announcer, [[A]]);
    swarm.succeed(swarm.expect(`started ${A}`), { peers: [], intervalMs: given });
    assert.equal(swarm.waitMs(1e8), kept);
  }
});

test('a torrent that needs peers asks earlier, less and less often, never below the min interval', () => {
  const swarm = new AnnouncerScene(Announcer, [[A]]);
  swarm.needPeers = true;
  swarm.succeed(swarm.expect(`started ${A}`));
  for (let round = 0; round < 4; round++) {
    swarm.clock.advance(ANNOUNCE_EARLY_FIRST_MS * 2 ** round - 1);
    swarm.silent();
    swarm.clock.advance(1);
    swarm.succeed(swarm.expect(`none ${A}`));
  }

  const strict = new AnnouncerScene(Announcer, [[A], [B]]);
  strict.needPeers = true;
  strict.succeed(strict.expect(`started ${A}`), { ...GOOD, minIntervalMs: 1_000_000 });
  assert.equal(strict.waitMs(1e8), 1_000_000);

  const greedy = new AnnouncerScene(Announcer, [[A]]);
  greedy.needPeers = true;
  greedy.succeed(greedy.expect(`started ${A}`), { ...GOOD, minIntervalMs: 1e12 });
  assert.equal(greedy.waitMs(1e8), HALF_HOUR_MS);
});

test('a min interval holds for its tracker while others are asked', () => {
  const swarm = new AnnouncerScene(Announcer, [[A], [B]]);
  swarm.succeed(swarm.expect(`started ${A}`), { ...GOOD, minIntervalMs: HALF_HOUR_MS });
  swarm.announcer.complete();
  swarm.fail(swarm.expect(`completed ${A}`));
  swarm.succeed(swarm.expect(`started ${B}`), { peers: [], intervalMs: 60_000 });
  swarm.succeed(swarm.expect(`completed ${B}`), { peers: [], intervalMs: 60_000 });
  swarm.clock.advance(60_000);
  swarm.expect(`none ${B}`);
});

test('completed is told at once, once, to a tracker that lists us', () => {
  const swarm = new AnnouncerScene(Announcer, [[A]]);
  swarm.succeed(swarm.expect(`started ${A}`), { ...GOOD, minIntervalMs: HALF_HOUR_MS });
  swarm.announcer.complete();
  swarm.succeed(swarm.expect(`completed ${A}`));
  swarm.announcer.complete();
  swarm.silent();
  swarm.clock.advance(HALF_HOUR_MS);
  swarm.expect(`none ${A}`);
});

test('completed waits for started and is told again only when it failed', () => {
  const swarm = new AnnouncerScene(Announcer, [[A], [B]]);
  swarm.announcer.complete();
  swarm.succeed(swarm.expect(`started ${A}`));
  const completed = swarm.expect(`completed ${A}`);
  swarm.clock.advance(ANNOUNCE_PATIENCE_MS * 2);
  swarm.silent();
  swarm.fail(completed);
  swarm.succeed(swarm.expect(`started ${B}`));
  swarm.succeed(swarm.expect(`completed ${B}`));
  swarm.silent();
});

test('stopped goes to every tracker that lists us, and nothing else follows', () => {
  const swarm = new AnnouncerScene(Announcer, [[A], [B], [C]]);
  swarm.fail(swarm.expect(`started ${A}`));
  swarm.succeed(swarm.expect(`started ${B}`));
  swarm.clock.advance(HALF_HOUR_MS);
  swarm.succeed(swarm.expect(`started ${A}`));
  swarm.announcer.stop();
  assert.equal(swarm.announcer.settled, false);
  const last = swarm.due();
  assert.deepEqual(new Set(last.map(({ event, url }) => `${event} ${url}`)), new Set([`stopped ${A}`, `stopped ${B}`]));
  swarm.silent();
  assert.equal(swarm.announcer.settled, false);
  swarm.succeed(last[0]!);
  swarm.fail(last[1]!);
  assert.equal(swarm.announcer.settled, true);
  swarm.clock.advance(1e9);
  swarm.silent();
});

test('stopped is bounded, whatever the number of trackers', () => {
  const urls = Array.from({ length: ANNOUNCE_STOPPED_MAX + 5 }, (_, i) => [`http://t${i}.example/`]);
  const swarm = new AnnouncerScene(Announcer, urls);
  for (const [url] of urls) {
    const announcement = swarm.expect(`started ${url}`);
    swarm.succeed(announcement);
    // The next round finds the trackers before this one down.
    swarm.clock.advance(HALF_HOUR_MS);
    for (let i = 0; i <= urls.findIndex(([other]) => other === url); i++) swarm.fail(swarm.due()[0]!);
  }
  swarm.announcer.stop();
  assert.equal(swarm.due().length, ANNOUNCE_STOPPED_MAX);
  swarm.silent();
});

test('an answer that comes after stop changes nothing: its tracker is told that we leave, once', () => {
  const swarm = new AnnouncerScene(Announcer, [[A]]);
  const started = swarm.expect(`started ${A}`);
  swarm.announcer.stop();
  assert.equal(swarm.announcer.settled, false);
  const stopped = swarm.expect(`stopped ${A}`);
  swarm.succeed(started);
  swarm.succeed(stopped);
  assert.equal(swarm.announcer.settled, true);
  swarm.silent();
  assert.equal(swarm.announcer.status()[0]?.announcing, false);
});

test('a torrent that is resumed starts over', () => {
  const swarm = new AnnouncerScene(Announcer, [[A]]);
  swarm.succeed(swarm.expect(`started ${A}`));
  swarm.announcer.stop();
  swarm.succeed(swarm.expect(`stopped ${A}`));
  swarm.announcer.start();
  swarm.succeed(swarm.expect(`started ${A}`));
});

test('the status tells what a user wants to know', () => {
  const swarm = new AnnouncerScene(Announcer, [[A], [B]]);
  const first = swarm.expect(`started ${A}`);
  assert.equal(swarm.announcer.status()[0]?.announcing, true);
  swarm.fail(first, new TrackerFailure('not registered'));
  const second = swarm.expect(`started ${B}`);
  swarm.succeed(second, { ...GOOD, peers: [{ host: '192.0.2.1', port: 1 }], seeds: 3, leeches: 4, warning: 'old' });
  const [failing, working] = swarm.announcer.status();
  assert.equal(failing?.state, 'failing');
  assert.match(failing.message!, /not registered/);
  assert.ok(failing.nextAnnounceMs! > 0);
  assert.deepEqual(working, {
    url: B,
    tier: 1,
    state: 'working',
    announcing: false,
    message: 'old',
    peers: 1,
    seeds: 3,
    leeches: 4,
    nextAnnounceMs: HALF_HOUR_MS,
  });
});

test('whatever happens, announces stay rare, started and stopped pair up and completed is accepted once', () => {
  const steps = fc.array(fc.constantFrom('succeed', 'fail', 'wait', 'complete', 'pause', 'skip'), { maxLength: 60 });
  fc.assert(
    fc.property(steps, fc.nat(), (actions, seed) => {
      const swarm = new AnnouncerScene(Announcer, [[A, B], [C]], seed);
      swarm.needPeers = true;
      const open: Announcement[] = [];
      const listed = new Set<string>();
      let completions = 0;
      for (const action of actions) {
        const nowMs = swarm.clock.nowMs();
        const dueMs = swarm.announcer.nextDueMs(nowMs, true);
        // Nothing is due before the time that it names, and then something is.
        const beforeMs = Math.min(dueMs - 1, nowMs + 1e8);
        if (beforeMs > nowMs) assert.deepEqual(swarm.announcer.due(beforeMs, true), []);
        if (dueMs > nowMs && dueMs < Number.POSITIVE_INFINITY && action === 'skip') {
          swarm.clock.advance(Math.ceil(dueMs) - nowMs);
          assert.equal(swarm.due().length > 0, true, 'due when it said');
          return;
        }
        const due = swarm.due();
        assert.equal(due.length > 0, dueMs <= nowMs);
        for (const { event, url } of due) {
          assert.ok(event === 'started' ? !listed.has(url) : listed.has(url), `${event} to ${url}`);
        }
        open.push(...due);
        if (action === 'wait') swarm.clock.advance(7000);
        if (action === 'complete') swarm.announcer.complete();
        if (action === 'pause') {
          swarm.announcer.stop();
          for (const announcement of swarm.due()) swarm.succeed(announcement);
          assert.equal(swarm.announcer.settled, true);
          swarm.announcer.start();
          open.length = 0;
          listed.clear();
        }
        const announcement = action === 'succeed' || action === 'fail' ? open.shift() : undefined;
        if (announcement === undefined) continue;
        if (action === 'fail') swarm.fail(announcement);
        else {
          swarm.succeed(announcement);
          listed.add(announcement.url);
          if (announcement.event === 'completed') completions++;
        }
        assert.ok(open.length <= ANNOUNCE_PARALLEL_MAX);
      }
      assert.ok(completions <= 1);
    }),
    { numRuns: 500 },
  );
});
