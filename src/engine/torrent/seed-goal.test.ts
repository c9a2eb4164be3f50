import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { encodeRequest, HAVE_NONE_MESSAGE, INTERESTED_MESSAGE } from '../../protocol/wire/message-writer.ts';
import { SimulatedSession } from '../../testing/simulator/simulated-session.ts';
import { BLOCK_BYTES, Geometry } from './geometry.ts';
import { type SeedGoal, SeedGoalWatch } from './seed-goal.ts';

test('the ratio is over what is here, a short last piece included', () => {
  const geometry = new Geometry(250, 100);
  const had = new Bitfield(3);
  const upload = { totalBytes: 100 };
  const watch = new SeedGoalWatch({ geometry, had, upload, uploadedBefore: 200 }, undefined);
  assert.equal(watch.ratio, 0);
  had.add(0);
  assert.equal(watch.ratio, 3);
  had.add(2);
  assert.equal(watch.ratio, 2);
  const empty = { geometry: new Geometry(0, 100), had: new Bitfield(0), upload };
  assert.equal(new SeedGoalWatch(empty, undefined).ratio, 0);
});

test('only the time of seeding counts, pauses do not', () => {
  const had = new Bitfield(2);
  had.fill();
  const upload = { totalBytes: 100 };
  const watch = new SeedGoalWatch({ geometry: new Geometry(200, 100), had, upload }, { seconds: 10 });
  for (let nowMs = 0; nowMs <= 9000; nowMs += 1000) assert.equal(watch.tick(true, nowMs), undefined);
  for (let nowMs = 10_000; nowMs <= 90_000; nowMs += 1000) assert.equal(watch.tick(false, nowMs), undefined);
  assert.equal(watch.tick(true, 91_000), undefined);
  assert.deepEqual(watch.tick(true, 92_000), { reason: 'seconds', ratio: 0.5, seconds: 10 });
  assert.equal(watch.tick(true, 200_000), undefined, 'it is said once');
  watch.replace({ ratio: 9 });
  assert.equal(watch.tick(true, 200_100), undefined);
  upload.totalBytes = 1800;
  assert.equal(watch.tick(true, 200_200)?.reason, 'ratio');
});

const PIECES = 4;

/** A seed and somebody who asks it for all pieces, again and again. */
function seeding(facts: { seedGoal?: SeedGoal; uploadedBefore?: number }) {
  const session = new SimulatedSession();
  const had = new Bitfield(PIECES);
  had.fill();
  const { torrent, news } = session.add(PIECES * BLOCK_BYTES, BLOCK_BYTES, { had, ...facts });
  torrent.dispatch({ type: 'resume' });
  const ask = () => {
    const remote = session.meet(torrent);
    remote.send(HAVE_NONE_MESSAGE);
    remote.send(INTERESTED_MESSAGE);
    session.run(1000);
    for (let piece = 0; piece < PIECES; piece++) remote.send(encodeRequest({ piece, begin: 0, length: BLOCK_BYTES }));
    session.run(1000);
  };
  return { session, torrent, news, ask };
}

test('a torrent that has sent enough pauses and says so, with what earlier runs sent; resumed, it seeds on', () => {
  const { session, torrent, news, ask } = seeding({ seedGoal: { ratio: 2 }, uploadedBefore: PIECES * BLOCK_BYTES });
  session.run(5000);
  assert.equal(torrent.phase, 'seeding');
  ask();
  assert.equal(torrent.phase, 'paused');
  assert.deepEqual(
    news.goals.map(({ reason, ratio }) => ({ reason, ratio })),
    [{ reason: 'ratio', ratio: 2 }],
  );
  torrent.dispatch({ type: 'resume' });
  ask();
  assert.equal(torrent.phase, 'seeding');
  torrent.dispatch({ type: 'seed-goal', goal: { ratio: 2.5 } });
  session.run(500);
  assert.equal(torrent.phase, 'paused');
  assert.deepEqual(session.leftovers(torrent), []);
});

test('a goal of time needs nobody, and can be taken back', () => {
  const { session, torrent, news } = seeding({ seedGoal: { seconds: 60 } });
  session.run(59_000);
  torrent.dispatch({ type: 'seed-goal', goal: undefined });
  session.run(10_000);
  assert.equal(torrent.phase, 'seeding');
  torrent.dispatch({ type: 'seed-goal', goal: { seconds: 75 } });
  session.run(10_000);
  assert.deepEqual([torrent.phase, news.goals.map(({ reason }) => reason)], ['paused', ['seconds']]);
});
