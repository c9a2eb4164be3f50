// Trackers that fail, are slow, or say themselves when they want to be asked again.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { TrackerFailure } from '../../protocol/tracker/tracker-failure.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { A, AnnouncerScene, B, C, GOOD, HALF_HOUR_MS } from '../../testing/tracker/announcer-scene.ts';
import { Announcer } from './announcer.ts';
import { backOffMs } from './back-off.ts';
import { ANNOUNCE_PARALLEL_MAX, ANNOUNCE_PATIENCE_MS, TRACKER_BACK_OFF } from './limits.ts';

test('a tracker that takes long is not waited for, within limits', () => {
  const swarm = new AnnouncerScene(Announcer, [[A], [B], [C], ['http://d.example/'], ['http://e.example/']]);
  const slow = swarm.expect(`started ${A}`);
  swarm.clock.advance(ANNOUNCE_PATIENCE_MS - 1);
  swarm.silent();
  swarm.clock.advance(1);
  swarm.succeed(swarm.expect(`started ${B}`));
  swarm.clock.advance(ANNOUNCE_PATIENCE_MS);
  swarm.silent();
  swarm.succeed(slow);
  swarm.silent();

  const dead = new AnnouncerScene(Announcer, [[A], [B], [C], ['http://d.example/'], ['http://e.example/']]);
  let asked = 0;
  for (let i = 0; i < 10; i++, dead.clock.advance(ANNOUNCE_PATIENCE_MS)) asked += dead.due().length;
  assert.equal(asked, ANNOUNCE_PARALLEL_MAX);
});

test('failures back off, up to half an hour and a little random', () => {
  const swarm = new AnnouncerScene(Announcer, [[A]]);
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
  const swarm = new AnnouncerScene(Announcer, [[A]]);
  for (let failures = 0; failures < 6; failures++) swarm.waitMs(HALF_HOUR_MS);
  swarm.clock.advance(HALF_HOUR_MS);
  swarm.succeed(swarm.expect(`started ${A}`));
  swarm.clock.advance(HALF_HOUR_MS);
  swarm.fail(swarm.expect(`none ${A}`));
  assert.ok(swarm.waitMs(HALF_HOUR_MS) <= TRACKER_BACK_OFF.firstMs);
});

test('a tracker says itself when it wants to be asked again, or never', () => {
  const later = new AnnouncerScene(Announcer, [[A]]);
  later.fail(later.expect(`started ${A}`), new TrackerFailure('busy', 600_000));
  assert.equal(later.waitMs(1e8), 600_000);

  const never = new AnnouncerScene(Announcer, [[A]]);
  never.fail(never.expect(`started ${A}`), new TrackerFailure('gone', Number.POSITIVE_INFINITY));
  assert.equal(never.waitMs(1e8), Number.POSITIVE_INFINITY);
  assert.equal(never.announcer.status()[0]?.state, 'refusing');
});

test('a tracker id is kept until another one comes', () => {
  const id = Uint8Array.of(1, 2);
  const swarm = new AnnouncerScene(Announcer, [[A]]);
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
