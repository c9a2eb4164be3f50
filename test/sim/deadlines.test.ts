// Pieces that somebody waits for, in a swarm of slow and quick peers: they come in order and in time.
import assert from 'node:assert/strict';
import test from 'node:test';
import { BLOCK_BYTES } from '#src/engine/torrent/geometry.ts';
import { SimulatedSession } from '#src/testing/simulator/simulated-session.ts';

const PIECE_BYTES = 8 * BLOCK_BYTES;
const PIECES = 60;
/** A piece a second is read. */
const PLAYED_BYTES_PER_SECOND = PIECE_BYTES;

/** Five slow seeds and a quick one; the reader waits for pieces 20 to 39, one a second. */
function play(seed: number, waits: boolean) {
  const world = new SimulatedSession({ seed, frames: 2048 });
  const { torrent, news } = world.add(PIECES * PIECE_BYTES, PIECE_BYTES);
  torrent.dispatch({ type: 'resume' });
  for (let slow = 1; slow <= 5; slow++) world.addSeed(torrent, `10.0.0.${slow}`, { bytesPerSecond: 8000 });
  const quick = world.addSeed(torrent, '10.0.0.9', { bytesPerSecond: 2 * PLAYED_BYTES_PER_SECOND });
  // The quick one is known as such when the reader comes.
  world.run(4000);
  const startMs = world.queue.nowMs;
  const { geometry } = torrent.spec;
  if (waits) {
    for (let piece = 20; piece < 40; piece++) {
      const index = geometry.pieceIndex(piece)!;
      torrent.dispatch({ type: 'awaited', first: index, last: index, withinMs: 3000 + (piece - 20) * 1000 });
    }
  }
  let late = 0;
  for (let piece = 20; piece < 40; piece++) {
    world.run(startMs + 3000 + (piece - 20) * 1000 - world.queue.nowMs);
    if (!torrent.had.has(piece)) late++;
  }
  return { world, torrent, news, late, quick };
}

test('what is waited for comes in time from the quick peer, though slow ones have it, too', () => {
  for (let seed = 1; seed <= 5; seed++) {
    const { world, torrent, late } = play(seed, true);
    assert.ok(late <= 2, `seed ${seed}: ${late} of 20 pieces came late`);
    assert.ok(
      world.runUntil(() => torrent.phase === 'seeding', 600_000),
      torrent.stall().message,
    );
    assert.ok(torrent.intake.wastedBytes <= 3 * PIECE_BYTES, `${torrent.intake.wastedBytes} bytes fetched twice`);
    assert.deepEqual(torrent.intake.download.deadlines.order, [], 'deadlines end with their pieces');
    assert.deepEqual(world.leftovers(torrent), []);
  }
  assert.ok(play(1, false).late > 5, 'without deadlines the same reader would wait');
});

test('a quick peer that comes later takes over what slow ones would bring too late', () => {
  const world = new SimulatedSession({ frames: 2048 });
  const { torrent } = world.add(4 * PIECE_BYTES, PIECE_BYTES);
  torrent.dispatch({ type: 'resume' });
  const slow = world.addSeed(torrent, '10.0.0.1', { bytesPerSecond: 4000 });
  world.run(5000);
  torrent.dispatch({
    type: 'awaited',
    first: torrent.spec.geometry.pieceIndex(0)!,
    last: torrent.spec.geometry.pieceIndex(3)!,
    withinMs: 5000,
  });
  world.addSeed(torrent, '10.0.0.2', { bytesPerSecond: 1_000_000 });
  assert.ok(
    world.runUntil(() => torrent.phase === 'seeding', 8000),
    torrent.stall().message,
  );
  assert.ok(slow.blocksSent < 8, 'the slow one was revoked');
});

test('a peer that promises to be quick and refuses every block holds up nothing', () => {
  const world = new SimulatedSession({ frames: 2048 });
  const { torrent } = world.add(4 * PIECE_BYTES, PIECE_BYTES);
  torrent.dispatch({ type: 'resume' });
  world.addSeed(torrent, '10.0.0.1', { bytesPerSecond: 10_000 });
  world.addSeed(torrent, '10.0.0.2', { rejects: 1 });
  const { geometry } = torrent.spec;
  torrent.dispatch({ type: 'awaited', first: geometry.pieceIndex(0)!, last: geometry.pieceIndex(3)!, withinMs: 0 });
  assert.ok(
    world.runUntil(() => torrent.phase === 'seeding', 120_000),
    torrent.stall().message,
  );
});
