// Seeders that are odd and yet allowed: each must be enough by itself.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { BehaviourMaker } from '#src/testing/peers/behaviour.ts';
import { chokeEvery, rejectEvery } from '#src/testing/peers/choking.ts';
import { speaksExtended, speaksFast } from '#src/testing/peers/handshakes.ts';
import { floodHaves, noiseBetweenBlocks } from '#src/testing/peers/noise.ts';
import { drip, splitWrites } from '#src/testing/peers/pacing.ts';
import { ScriptedSeeder } from '#src/testing/peers/scripted-seeder.ts';
import { answerOutOfOrder, answerTwice, emptyPiecesBetween, sendUnrequested } from '#src/testing/peers/wrong-blocks.ts';
import { SeededRandom } from '#src/testing/seeded-random.ts';
import { downloadFrom } from '../support/fault-scene.ts';
import { fileTree } from '../support/payload.ts';
import { KIB, MIB, makeTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const TORRENT = makeTorrent(fileTree('odd', { 'a.bin': MIB + 1, 'b/c.bin': 3 * MIB, 'd.bin': 77_777 }, 21), 128 * KIB);
const SMALL = makeTorrent(fileTree('slow', { 'a.bin': 40_000, 'b.bin': 9_999 }, 22), 32 * KIB);

const CASES: readonly { title: string; behaviours: readonly BehaviourMaker[]; torrent?: typeof TORRENT }[] = [
  { title: 'a good one', behaviours: [] },
  { title: 'one with the fast and the extension protocol', behaviours: [speaksFast(), speaksExtended()] },
  { title: 'one that splits its writes anywhere', behaviours: [splitWrites(new SeededRandom(1), 40_000)] },
  {
    title: 'one that splits its writes into a few bytes',
    behaviours: [splitWrites(new SeededRandom(2), 5)],
    torrent: SMALL,
  },
  { title: 'one that drips', behaviours: [drip(1, 100)], torrent: SMALL },
  { title: 'one that answers out of order', behaviours: [answerOutOfOrder(new SeededRandom(3))] },
  {
    title: 'one that answers out of order in split writes',
    behaviours: [splitWrites(new SeededRandom(4), 30_000), answerOutOfOrder(new SeededRandom(5))],
  },
  { title: 'one that puts other messages between blocks', behaviours: [speaksExtended(), noiseBetweenBlocks()] },
  {
    title: 'one that puts other messages between blocks in split writes',
    behaviours: [splitWrites(new SeededRandom(6), 17_000), speaksExtended(), noiseBetweenBlocks()],
  },
  { title: 'one that chokes and unchokes in the middle', behaviours: [chokeEvery(7)] },
  { title: 'one that rejects', behaviours: [speaksFast(), rejectEvery(5)] },
];

for (const { title, behaviours, torrent = TORRENT } of CASES) {
  test(`a seeder is enough: ${title}`, async (t) => {
    const workspace = await Workspace.open(t);
    const seeder = workspace.own(await ScriptedSeeder.listen(torrent, { behaviours }));
    await downloadFrom(workspace, torrent, [seeder]);
  });
}

const GENEROUS: readonly { title: string; behaviours: readonly BehaviourMaker[] }[] = [
  { title: 'answers twice', behaviours: [answerTwice()] },
  { title: 'sends blocks before it is asked', behaviours: [sendUnrequested(40)] },
  { title: 'sends empty blocks between the right ones', behaviours: [emptyPiecesBetween()] },
  { title: 'floods HAVE', behaviours: [floodHaves(200_000)] },
];

for (const { title, behaviours } of GENEROUS) {
  test(`a seeder that ${title} does no harm beside an honest one`, async (t) => {
    const workspace = await Workspace.open(t);
    const odd = workspace.own(await ScriptedSeeder.listen(TORRENT, { behaviours }));
    const honest = workspace.own(await ScriptedSeeder.listen(TORRENT));
    await downloadFrom(workspace, TORRENT, [odd, honest]);
    assert.ok(odd.sessions.length > 0, 'the odd seeder was dialled');
  });
}
