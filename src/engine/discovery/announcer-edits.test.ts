// Trackers that come and go while a torrent runs, and announces that the user asks for.
import assert from 'node:assert/strict';
import test from 'node:test';
import { A, AnnouncerScene, B, C, GOOD } from '../../testing/tracker/announcer-scene.ts';
import { Announcer } from './announcer.ts';
import { ANNOUNCE_INTERVAL_MIN_MS } from './limits.ts';

test('a tracker that is added is asked at once, and one that is there stays where it is', () => {
  const swarm = new AnnouncerScene(Announcer, [[A]]);
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
  const swarm = new AnnouncerScene(Announcer, [[A], [B]]);
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
  const swarm = new AnnouncerScene(Announcer, [[A]]);
  const started = swarm.expect(`started ${A}`);
  swarm.announcer.remove(A);
  swarm.succeed(started);
  swarm.announcer.stop();
  assert.equal(swarm.announcer.settled, false);
  swarm.succeed(swarm.expect(`stopped ${A}`));
  assert.ok(swarm.announcer.settled);
});

test('whoever asks for an announce gets one from every tracker, not before the interval that each insists on', () => {
  const swarm = new AnnouncerScene(Announcer, [[A], [B], [C]]);
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
