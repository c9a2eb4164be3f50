import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { SourceError } from '../../base/errors.ts';
import type { AnnounceReply } from '../../protocol/tracker/announce.ts';
import { TrackerFailure } from '../../protocol/tracker/tracker-failure.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import {
  ANNOUNCE_EARLY_FIRST_MS,
  ANNOUNCE_INTERVAL_MAX_MS,
  ANNOUNCE_INTERVAL_MIN_MS,
  ANNOUNCE_PARALLEL_MAX,
  ANNOUNCE_PATIENCE_MS,
  ANNOUNCE_STOPPED_MAX,
  TRACKER_BACK_OFF,
} from '../limits.ts';
import { type Announcement, Announcer } from './announcer.ts';
import { backOffMs } from './back-off.ts';

const A = 'http://a.example/announce';
const B = 'udp://b.example:80';
const C = 'https://c.example/announce';
const HALF_HOUR_MS = 1_800_000;
const GOOD: AnnounceReply = { peers: [], intervalMs: HALF_HOUR_MS };
const DOWN = new SourceError('ERR_TRACKER_CONNECT', 'the tracker is down');

/** An announcer with a clock that moves by hand. */
class Swarm {
  readonly clock = new VirtualClock();
  readonly announcer: Announcer;
  needPeers = false;

  constructor(tiers: readonly (readonly string[])[], seed = 1) {
    this.announcer = new Announcer(tiers, new SeededRandom(seed));
    this.announcer.start();
  }

  due(): Announcement[] {
    return this.announcer.due(this.clock.nowMs(), this.needPeers);
  }

  /** The one announcement that is due, as `event url`. */
  expect(expected: string): Announcement {
    const [announcement, ...others] = this.due();
    assert.deepEqual(others, []);
    assert.equal(announcement && `${announcement.event} ${announcement.url}`, expected);
    return announcement!;
  }

  silent(): void {
    assert.deepEqual(this.due(), []);
  }

  succeed(announcement: Announcement, reply: AnnounceReply = GOOD): void {
    this.announcer.succeeded(announcement.id, reply, this.clock.nowMs());
  }

  fail(announcement: Announcement, error: SourceError = DOWN): void {
    this.announcer.failed(announcement.id, error, this.clock.nowMs());
  }

  /** Advances second by second until something is due; answers how long it took. */
  waitMs(limitMs: number): number {
    for (let waited = 0; waited <= limitMs; waited += 1000, this.clock.advance(1000)) {
      const [announcement] = this.due();
      if (announcement === undefined) continue;
      this.announcer.failed(announcement.id, DOWN, this.clock.nowMs());
      return waited;
    }
    return Number.POSITIVE_INFINITY;
  }
}

test('nothing is due before the start, and started comes first, once', () => {
  const idle = new Announcer([[A]], new SeededRandom(1));
  assert.deepEqual(idle.due(0, true), []);
  assert.equal(idle.settled, true);

  const swarm = new Swarm([[A]]);
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
  const swarm = new Swarm([[A], [B], [C]]);
  swarm.fail(swarm.expect(`started ${A}`));
  swarm.succeed(swarm.expect(`started ${B}`));
  swarm.silent();
  swarm.clock.advance(HALF_HOUR_MS);
  swarm.fail(swarm.expect(`started ${A}`));
  swarm.succeed(swarm.expect(`none ${B}`));
  swarm.silent();
});

test('a tracker that works moves to the front of its tier and no further', () => {
  const swarm = new Swarm([[A, B, C], ['http://d.example/']]);
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
    const urls = new Swarm([[A, B], [C]], seed).announcer.status().map(({ url }) => url);
    assert.equal(urls[2], C);
    orders.add(urls.join());
  }
  assert.equal(orders.size, 2);
});

test('URLs that come twice or that nobody can speak to are not asked', () => {
  const swarm = new Swarm([['wss://w.example/'], [A, A], [A]]);
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
    const swarm = new Swarm([[A]]);
    swarm.succeed(swarm.expect(`started ${A}`), { peers: [], intervalMs: given });
    assert.equal(swarm.waitMs(1e8), kept);
  }
});

test('a torrent that needs peers asks earlier, less and less often, never below the min interval', () => {
  const swarm = new Swarm([[A]]);
  swarm.needPeers = true;
  swarm.succeed(swarm.expect(`started ${A}`));
  for (let round = 0; round < 4; round++) {
    swarm.clock.advance(ANNOUNCE_EARLY_FIRST_MS * 2 ** round - 1);
    swarm.silent();
    swarm.clock.advance(1);
    swarm.succeed(swarm.expect(`none ${A}`));
  }

  const strict = new Swarm([[A], [B]]);
  strict.needPeers = true;
  strict.succeed(strict.expect(`started ${A}`), { ...GOOD, minIntervalMs: 1_000_000 });
  assert.equal(strict.waitMs(1e8), 1_000_000);

  const greedy = new Swarm([[A]]);
  greedy.needPeers = true;
  greedy.succeed(greedy.expect(`started ${A}`), { ...GOOD, minIntervalMs: 1e12 });
  assert.equal(greedy.waitMs(1e8), HALF_HOUR_MS);
});

test('a min interval holds for its tracker while others are asked', () => {
  const swarm = new Swarm([[A], [B]]);
  swarm.succeed(swarm.expect(`started ${A}`), { ...GOOD, minIntervalMs: HALF_HOUR_MS });
  swarm.announcer.complete();
  swarm.fail(swarm.expect(`completed ${A}`));
  swarm.succeed(swarm.expect(`started ${B}`), { peers: [], intervalMs: 60_000 });
  swarm.succeed(swarm.expect(`completed ${B}`), { peers: [], intervalMs: 60_000 });
  swarm.clock.advance(60_000);
  swarm.expect(`none ${B}`);
});

test('completed is told at once, once, to a tracker that lists us', () => {
  const swarm = new Swarm([[A]]);
  swarm.succeed(swarm.expect(`started ${A}`), { ...GOOD, minIntervalMs: HALF_HOUR_MS });
  swarm.announcer.complete();
  swarm.succeed(swarm.expect(`completed ${A}`));
  swarm.announcer.complete();
  swarm.silent();
  swarm.clock.advance(HALF_HOUR_MS);
  swarm.expect(`none ${A}`);
});

test('completed waits for started and is told again only when it failed', () => {
  const swarm = new Swarm([[A], [B]]);
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
  const swarm = new Swarm([[A], [B], [C]]);
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
  const swarm = new Swarm(urls);
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
  const swarm = new Swarm([[A]]);
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

test('a tracker that is added is asked at once, and one that is there stays where it is', () => {
  const swarm = new Swarm([[A]]);
  swarm.succeed(swarm.expect(`started ${A}`));
  swarm.announcer.add(B, undefined);
  swarm.announcer.add(A, 5);
  swarm.announcer.add(C, 0);
  const places = swarm.announcer.status().map(({ url, tier }) => `${tier} ${url}`);
  assert.deepEqual(places, [`0 ${A}`, `0 ${C}`, `1 ${B}`]);
  swarm.fail(swarm.expect(`started ${B}`));
  swarm.succeed(swarm.expect(`started ${C}`));
  swarm.silent();
});

test('a tracker that is removed is told so, once, and only when it lists us', () => {
  const swarm = new Swarm([[A], [B]]);
  swarm.succeed(swarm.expect(`started ${A}`));
  swarm.announcer.remove(B);
  swarm.silent();
  swarm.announcer.remove(A);
  swarm.announcer.remove('http://nobody/');
  assert.deepEqual(swarm.announcer.status(), []);
  swarm.succeed(swarm.expect(`stopped ${A}`));
  swarm.silent();
  swarm.clock.advance(1e9);
  swarm.silent();
  swarm.announcer.stop();
  assert.ok(swarm.announcer.settled);
});

test('a tracker that answers after it was removed is told, too, also when all ends before that', () => {
  const swarm = new Swarm([[A]]);
  const started = swarm.expect(`started ${A}`);
  swarm.announcer.remove(A);
  swarm.succeed(started);
  swarm.announcer.stop();
  assert.equal(swarm.announcer.settled, false);
  swarm.succeed(swarm.expect(`stopped ${A}`));
  assert.ok(swarm.announcer.settled);
});

test('whoever asks for an announce gets one from every tracker, not before the interval that each insists on', () => {
  const swarm = new Swarm([[A], [B], [C]]);
  swarm.fail(swarm.expect(`started ${A}`));
  swarm.succeed(swarm.expect(`started ${B}`), { ...GOOD, minIntervalMs: 600_000 });
  swarm.announcer.hurry();
  swarm.fail(swarm.expect(`started ${A}`));
  swarm.succeed(swarm.expect(`started ${C}`));
  swarm.announcer.hurry();
  swarm.fail(swarm.expect(`started ${A}`));
  swarm.silent();
  swarm.clock.advance(ANNOUNCE_INTERVAL_MIN_MS);
  swarm.succeed(swarm.expect(`none ${C}`));
  swarm.silent();
  swarm.clock.advance(600_000 - ANNOUNCE_INTERVAL_MIN_MS);
  swarm.succeed(swarm.expect(`none ${B}`));
  swarm.silent();
});

test('a torrent that is resumed starts over', () => {
  const swarm = new Swarm([[A]]);
  swarm.succeed(swarm.expect(`started ${A}`));
  swarm.announcer.stop();
  swarm.succeed(swarm.expect(`stopped ${A}`));
  swarm.announcer.start();
  swarm.succeed(swarm.expect(`started ${A}`));
});

test('a tracker that takes long is not waited for, within limits', () => {
  const swarm = new Swarm([[A], [B], [C], ['http://d.example/'], ['http://e.example/']]);
  const slow = swarm.expect(`started ${A}`);
  swarm.clock.advance(ANNOUNCE_PATIENCE_MS - 1);
  swarm.silent();
  swarm.clock.advance(1);
  swarm.succeed(swarm.expect(`started ${B}`));
  swarm.clock.advance(ANNOUNCE_PATIENCE_MS);
  swarm.silent();
  swarm.succeed(slow);
  swarm.silent();

  const dead = new Swarm([[A], [B], [C], ['http://d.example/'], ['http://e.example/']]);
  let asked = 0;
  for (let i = 0; i < 10; i++, dead.clock.advance(ANNOUNCE_PATIENCE_MS)) asked += dead.due().length;
  assert.equal(asked, ANNOUNCE_PARALLEL_MAX);
});

test('failures back off, up to half an hour and a little random', () => {
  const swarm = new Swarm([[A]]);
  let previousMs = 0;
  const waits: number[] = [];
  for (let failures = 0; failures < 14; failures++) {
    const waitMs = swarm.waitMs(4 * HALF_HOUR_MS);
    assert.ok(waitMs <= TRACKER_BACK_OFF.longestMs + 1000);
    if (failures > 0 && failures < 8) assert.ok(waitMs > previousMs, `${waitMs} after ${previousMs}`);
    previousMs = waitMs;
    waits.push(waitMs);
  }
  assert.ok(waits.at(-1)! >= 0.75 * TRACKER_BACK_OFF.longestMs);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.nat(), (failures, seed) => {
      const waitMs = backOffMs(failures, TRACKER_BACK_OFF, new SeededRandom(seed));
      assert.ok(waitMs >= 0.75 * TRACKER_BACK_OFF.firstMs && waitMs <= TRACKER_BACK_OFF.longestMs);
    }),
  );
});

test('an answer ends the back-off', () => {
  const swarm = new Swarm([[A]]);
  for (let failures = 0; failures < 6; failures++) swarm.waitMs(HALF_HOUR_MS);
  swarm.clock.advance(HALF_HOUR_MS);
  swarm.succeed(swarm.expect(`started ${A}`));
  swarm.clock.advance(HALF_HOUR_MS);
  swarm.fail(swarm.expect(`none ${A}`));
  assert.ok(swarm.waitMs(HALF_HOUR_MS) <= TRACKER_BACK_OFF.firstMs);
});

test('a tracker says itself when it wants to be asked again, or never', () => {
  const later = new Swarm([[A]]);
  later.fail(later.expect(`started ${A}`), new TrackerFailure('busy', 600_000));
  assert.equal(later.waitMs(1e8), 600_000);

  const never = new Swarm([[A]]);
  never.fail(never.expect(`started ${A}`), new TrackerFailure('gone', Number.POSITIVE_INFINITY));
  assert.equal(never.waitMs(1e8), Number.POSITIVE_INFINITY);
  assert.equal(never.announcer.status()[0]?.state, 'refusing');
});

test('a tracker id is kept until another one comes', () => {
  const id = Uint8Array.of(1, 2);
  const swarm = new Swarm([[A]]);
  const first = swarm.expect(`started ${A}`);
  assert.equal(first.trackerId, undefined);
  swarm.succeed(first, { ...GOOD, trackerId: id });
  swarm.clock.advance(HALF_HOUR_MS);
  const second = swarm.expect(`none ${A}`);
  assert.equal(second.trackerId, id);
  swarm.succeed(second);
  swarm.clock.advance(HALF_HOUR_MS);
  assert.equal(swarm.expect(`none ${A}`).trackerId, id);
});

test('the status tells what a user wants to know', () => {
  const swarm = new Swarm([[A], [B]]);
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
      const swarm = new Swarm([[A, B], [C]], seed);
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
