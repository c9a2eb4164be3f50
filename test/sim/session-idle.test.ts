// Torrents that sleep between announces: nothing that happens to one is lost on it, and thousands do not all announce at
// once.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '#src/base/bitfield.ts';
import { ANNOUNCE_BURST, ANNOUNCES_PER_SECOND } from '#src/engine/discovery/limits.ts';
import { BLOCK_BYTES } from '#src/engine/torrent/geometry.ts';
import { encodeRequest, INTERESTED_MESSAGE } from '#src/protocol/wire/message-writer.ts';
import { SimulatedSession } from '#src/testing/simulator/simulated-session.ts';

const HOUR_MS = 3_600_000;
const PIECES = 4;

function full(): Bitfield {
  const had = new Bitfield(PIECES);
  had.fill();
  return had;
}

test('a download that was alone for an hour takes the first peer that it is told of', () => {
  const world = new SimulatedSession();
  const { torrent } = world.add(PIECES * BLOCK_BYTES, BLOCK_BYTES);
  torrent.dispatch({ type: 'resume' });
  world.run(HOUR_MS);
  world.addSeed(torrent, '10.0.0.1');
  assert.ok(world.runUntil(() => torrent.phase === 'seeding', 2000));
  assert.deepEqual(world.leftovers(torrent), []);
});

test('a seed that was alone for an hour lets a stranger in, and gives', () => {
  const world = new SimulatedSession();
  const { torrent } = world.add(PIECES * BLOCK_BYTES, BLOCK_BYTES, { had: full() });
  torrent.dispatch({ type: 'resume' });
  world.run(HOUR_MS);
  const remote = world.meet(torrent);
  remote.send(INTERESTED_MESSAGE);
  world.run(500);
  remote.send(encodeRequest({ piece: 1, begin: 0, length: BLOCK_BYTES }));
  world.run(500);
  assert.equal(remote.blocksGot.length, 1);
  assert.deepEqual(world.leftovers(torrent), []);
});

test('a torrent that stood still for an hour goes on at a word, and one that is closed says good-bye', () => {
  const world = new SimulatedSession();
  const { torrent } = world.add(PIECES * BLOCK_BYTES, BLOCK_BYTES, { had: full(), tiers: [['http://t/announce']] });
  world.run(HOUR_MS);
  assert.deepEqual(world.announced, []);
  torrent.dispatch({ type: 'resume' });
  world.run(500);
  assert.deepEqual(world.announced, ['started']);
  world.run(2 * HOUR_MS);
  assert.equal(world.announces.length, 5, 'every half hour');
  assert.deepEqual(world.leftovers(torrent), []);
  assert.deepEqual(world.announced, ['started', 'stopped']);
});

test('a seed that is alone stops when its time is over', () => {
  const world = new SimulatedSession();
  const { torrent, news } = world.add(PIECES * BLOCK_BYTES, BLOCK_BYTES, { had: full(), seedGoal: { seconds: 1800 } });
  torrent.dispatch({ type: 'resume' });
  world.run(1_799_000);
  assert.equal(torrent.phase, 'seeding');
  world.run(1500);
  assert.equal(torrent.phase, 'paused');
  assert.equal(news.goals.length, 1);
});

test('a download whose tracker came back hears of it', () => {
  const world = new SimulatedSession();
  const { torrent } = world.add(PIECES * BLOCK_BYTES, BLOCK_BYTES, { tiers: [['http://t/announce']] });
  world.tracker.habits.down = true;
  torrent.dispatch({ type: 'resume' });
  world.run(HOUR_MS);
  world.tracker.habits.down = false;
  world.tracker.habits.names = [{ host: '10.0.0.7', port: 1 }];
  assert.ok(world.runUntil(() => torrent.swarm.candidates.size > 0, HOUR_MS));
});

test('a thousand torrents that start together announce one after the other, all of them, once', () => {
  const world = new SimulatedSession();
  const count = 1000;
  for (let number = 0; number < count; number++) {
    const infoHash = new Uint8Array(20);
    new DataView(infoHash.buffer).setUint32(0, number + 1);
    const facts = { infoHash, had: full(), tiers: [['http://t/announce']] };
    world.add(PIECES * BLOCK_BYTES, BLOCK_BYTES, facts).torrent.dispatch({ type: 'resume' });
  }
  world.run(1000);
  assert.ok(world.announces.length <= ANNOUNCE_BURST + ANNOUNCES_PER_SECOND);
  world.run((count / ANNOUNCES_PER_SECOND) * 1000 + 2000);
  assert.equal(world.announces.length, count);
  world.run(1_700_000);
  assert.equal(world.announces.length, count, 'nobody announces before the interval is over');
});
