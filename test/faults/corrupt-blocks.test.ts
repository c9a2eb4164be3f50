// Seeders that send wrong bytes: no wrong piece reaches the disk, and who sends only wrong ones is soon left alone.
import assert from 'node:assert/strict';
import test from 'node:test';
import { DUPLICATES_MAX } from '#src/engine/picker/limits.ts';
import { BLOCK_BYTES } from '#src/engine/torrent/geometry.ts';
import { ScriptedSeeder } from '#src/testing/peers/scripted-seeder.ts';
import { corruptBlocks } from '#src/testing/peers/wrong-blocks.ts';
import { SeededRandom } from '#src/testing/seeded-random.ts';
import { downloadBesideHonest, downloadFrom, signal } from '../support/fault-scene.ts';
import { fileTree } from '../support/payload.ts';
import { KIB, MIB, makeTorrent, type TestTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const SMALL_PIECES = makeTorrent(fileTree('corrupt', { 'a.bin': 5 * MIB + 3, 'b.bin': 3 * MIB }, 41), 16 * KIB);
const LARGE_PIECES = makeTorrent(fileTree('corrupt', { 'a.bin': 9 * MIB + 3, 'b.bin': 3 * MIB }, 42), 2 * MIB);

for (const [title, torrent] of [
  ['pieces of one block', SMALL_PIECES],
  ['pieces of many blocks', LARGE_PIECES],
] satisfies [string, TestTorrent][]) {
  test(`a seeder that corrupts 5 % of its blocks spoils nothing: ${title}`, async (t) => {
    const workspace = await Workspace.open(t);
    const struck = signal();
    const bad = { behaviours: [corruptBlocks(0.05, new SeededRandom(7), struck.give)] };
    const { done } = await downloadBesideHonest(workspace, { torrent, bad, cue: struck.given });
    assert.ok(done.dataPath!.wastedBytes > 0, 'the corrupt piece counts as wasted');
  });
}

test('of ten seeders the one that corrupts 5 % is banned, and it alone', async (t) => {
  const workspace = await Workspace.open(t);
  const seeders: ScriptedSeeder[] = [];
  for (let index = 0; index < 10; index++) {
    const behaviours = index === 3 ? [corruptBlocks(0.05, new SeededRandom(9))] : [];
    seeders.push(workspace.own(await ScriptedSeeder.listen(LARGE_PIECES, { behaviours })));
  }
  const { done, events } = await downloadFrom(workspace, LARGE_PIECES, seeders);
  const banned = events.filter(({ code }) => code === 'ERR_PEER_CORRUPT').map(({ message }) => String(message));
  const liar = `peer 127.0.0.1:${seeders[3]!.port} `;
  assert.ok(
    banned.every((message) => message.startsWith(liar)),
    banned.join('\n'),
  );
  const failed = events.filter(({ code }) => code === 'ERR_PIECE_CORRUPT' || code === 'ERR_PEER_CORRUPT').length;
  assert.ok(failed === 0 || banned.length > 0, 'a piece that failed has named the liar');
  // What failed, and what ten peers fetch twice in an endgame.
  const bound = failed * 2 * MIB + 2 * DUPLICATES_MAX * BLOCK_BYTES;
  assert.ok(done.dataPath!.wastedBytes <= bound, `${done.dataPath!.wastedBytes} bytes wasted, ${failed} failures`);
});

test('three seeders that corrupt 5 % beside an honest one spoil nothing', async (t) => {
  const workspace = await Workspace.open(t);
  const seeders: ScriptedSeeder[] = [];
  for (const seed of [1, 2, 3]) {
    const behaviours = [corruptBlocks(0.05, new SeededRandom(seed))];
    seeders.push(workspace.own(await ScriptedSeeder.listen(LARGE_PIECES, { behaviours })));
  }
  seeders.push(workspace.own(await ScriptedSeeder.listen(LARGE_PIECES)));
  await downloadFrom(workspace, LARGE_PIECES, seeders);
});

test('a seeder that sends nothing but corrupt blocks is left alone', async (t) => {
  const workspace = await Workspace.open(t);
  const struck = signal();
  const bad = { behaviours: [corruptBlocks(1, new SeededRandom(8), struck.give)] };
  const result = await downloadBesideHonest(workspace, { torrent: LARGE_PIECES, bad, cue: struck.given });
  assert.ok(result.bad.sentBytes <= 2 * LARGE_PIECES.totalBytes, `${result.bad.sentBytes} corrupt bytes were taken`);
});
