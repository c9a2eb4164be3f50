// The whole engine against a hostile world, run after run: whatever peers, disk and user do, the download completes,
// nobody honest is punished, no place has two owners and nothing is left behind. A failing run names its seed.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '#src/base/bitfield.ts';
import { type Random, randomBelow } from '#src/base/clock.ts';
import { BLOCK_BYTES, RUN_BYTES } from '#src/engine/torrent/geometry.ts';
import type { Torrent } from '#src/engine/torrent/torrent.ts';
import { encodeCancel, encodeRequest, INTERESTED_MESSAGE } from '#src/protocol/wire/message-writer.ts';
import { SeededRandom } from '#src/testing/seeded-random.ts';
import type { SeedManners } from '#src/testing/simulator/seed-habits.ts';
import { SEED_PORT, SimulatedSession } from '#src/testing/simulator/simulated-session.ts';

const RUNS = Number(process.env['MILLRACE_CHAOS_RUNS'] ?? 300);
const FIRST_SEED = Number(process.env['MILLRACE_CHAOS_SEED'] ?? 1);

/** Peers that trouble a download in one way each; a run mixes some of them. */
const TROUBLES: readonly Partial<SeedManners>[] = [
  { corrupts: 0.2 },
  { corrupts: 1 },
  { rejects: 0.4 },
  { ignores: 0.2 },
  { chokes: 0.1 },
  { hangsUp: 0.1 },
  { stallsInside: 0.05 },
  { repeats: 0.2 },
  { fast: false, chokes: 0.1 },
  { bytesPerSecond: 4000 },
];

const SHAPES = [
  { pieceBytes: BLOCK_BYTES * 4, pieces: 20, rest: 5000 },
  { pieceBytes: BLOCK_BYTES, pieces: 40, rest: 1 },
  { pieceBytes: RUN_BYTES * 2 + BLOCK_BYTES, pieces: 3, rest: BLOCK_BYTES * 70 },
] as const;

function chaos(seed: number): void {
  const random = new SeededRandom(seed);
  const tight = random.next() < 0.3;
  const shape = SHAPES[randomBelow(random, SHAPES.length)]!;
  const frames = tight ? 4 * Math.min(64, Math.ceil(shape.pieceBytes / BLOCK_BYTES)) : 16 * 64;
  const world = new SimulatedSession({ seed, frames });
  const totalBytes = shape.pieceBytes * shape.pieces + shape.rest;
  const { torrent, news } = world.add(totalBytes, shape.pieceBytes, { sequential: random.next() < 0.2 });
  const { geometry } = torrent.spec;
  const honest: string[] = [];
  const peers = 1 + randomBelow(random, 5);
  for (let index = 0; index < peers; index++) {
    const host = `10.0.0.${index + 1}`;
    const have = new Bitfield(geometry.pieceCount);
    for (let piece = 0; piece < have.length; piece++) if (index === 0 || random.next() < 0.6) have.add(piece);
    const trouble = index === 0 ? { bytesPerSecond: 400_000 } : TROUBLES[randomBelow(random, TROUBLES.length)]!;
    // Whoever sends what nobody asked for is banned in the end, too.
    if (trouble.corrupts === undefined && trouble.repeats === undefined) honest.push(host);
    world.addSeed(torrent, host, { have, ...trouble });
  }
  torrent.dispatch({ type: 'resume' });
  if (random.next() < 0.3) world.session.downloadLimit.setRate(500_000);
  if (random.next() < 0.5) addLeech(world, torrent, random);

  for (let step = randomBelow(random, 4); step > 0; step--) {
    world.run(randomBelow(random, 1500));
    const what = random.next();
    if (what < 0.4) torrent.dispatch({ type: 'pause' });
    else if (what < 0.6) world.breakDisk(true);
    else {
      const [first, last] = [geometry.pieceIndex(0)!, geometry.pieceIndex(randomBelow(random, geometry.pieceCount))!];
      const withinMs = random.next() < 0.2 ? undefined : randomBelow(random, 5000);
      torrent.dispatch({ type: 'awaited', first, last, withinMs });
    }
    world.run(randomBelow(random, 1000));
    world.breakDisk(false);
    torrent.dispatch({ type: 'resume' });
  }
  const complete = world.runUntil(() => {
    // What was in the disk's queue when it filled up may fail later.
    if (torrent.phase === 'error') torrent.dispatch({ type: 'resume' });
    return torrent.had.full;
  }, 900_000);

  const stall = `${torrent.stall().code}, ${torrent.had.count} of ${geometry.pieceCount} pieces`;
  assert.ok(complete, `incomplete after 15 minutes: ${stall}`);
  assert.equal(torrent.phase, 'seeding');
  for (let piece = 0; piece < geometry.pieceCount; piece++) {
    assert.ok(world.disk.holds(torrent.spec.store, geometry.pieceIndex(piece)!), `piece ${piece} is on disk`);
  }
  assert.equal(new Set(news.pieces).size, news.pieces.length, 'each piece is told once');
  for (const host of honest) {
    assert.ok(
      !torrent.swarm.candidates.banned({ host, port: SEED_PORT }),
      `${host} is honest and not banned: ${JSON.stringify(news.warnings.slice(0, 20))}`,
    );
  }
  assert.deepEqual(world.leftovers(torrent), []);
}

/** Asks for pieces at random, had or not, and hangs up in the middle of it all. */
function addLeech(world: SimulatedSession, torrent: Torrent, random: Random): void {
  const remote = world.meet(torrent);
  remote.send(INTERESTED_MESSAGE);
  const { geometry } = torrent.spec;
  const ask = (): void => {
    if (remote.closed) return;
    if (random.next() < 0.02) return remote.hangUp();
    const piece = randomBelow(random, geometry.pieceCount);
    const range = { piece, begin: 0, length: geometry.blockBytes(geometry.pieceIndex(piece)!, 0) };
    remote.send(random.next() < 0.2 ? encodeCancel(range) : encodeRequest(range));
    world.queue.plan(randomBelow(random, 60), ask);
  };
  ask();
}

test(`a download survives ${RUNS} random worlds`, () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    try {
      chaos(seed);
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
});
