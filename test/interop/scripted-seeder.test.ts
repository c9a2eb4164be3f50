// The fake peers of the fault tests are themselves tested by a foreign leecher: what it can download from, so must we.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { BehaviourMaker } from '#src/testing/peers/behaviour.ts';
import { chokeEvery, rejectEvery } from '#src/testing/peers/choking.ts';
import { speaksExtended, speaksFast } from '#src/testing/peers/handshakes.ts';
import { noiseBetweenBlocks } from '#src/testing/peers/noise.ts';
import { splitWrites } from '#src/testing/peers/pacing.ts';
import { ScriptedSeeder } from '#src/testing/peers/scripted-seeder.ts';
import { answerOutOfOrder } from '#src/testing/peers/wrong-blocks.ts';
import { SeededRandom } from '#src/testing/seeded-random.ts';
import { skipAloud } from '../support/available.ts';
import { assertDownloaded } from '../support/compare.ts';
import { downloadForeign } from '../support/download.ts';
import { singleFile } from '../support/payload.ts';
import { libtorrent } from '../support/seeders/libtorrent.ts';
import { KIB, MIB, makeTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const CASES: readonly { readonly title: string; readonly behaviours: readonly BehaviourMaker[] }[] = [
  { title: 'a good seeder', behaviours: [] },
  { title: 'a seeder with extensions', behaviours: [speaksFast(), speaksExtended()] },
  { title: 'a seeder that splits its writes', behaviours: [splitWrites(new SeededRandom(1), 40_000)] },
  { title: 'a seeder that answers out of order', behaviours: [answerOutOfOrder(new SeededRandom(2))] },
  { title: 'a seeder that makes noise between blocks', behaviours: [speaksExtended(), noiseBetweenBlocks()] },
  { title: 'a seeder that chokes and unchokes', behaviours: [chokeEvery(7)] },
  { title: 'a seeder that rejects', behaviours: [speaksFast(), rejectEvery(5)] },
];

for (const { title, behaviours } of CASES) {
  test(`libtorrent downloads from ${title}`, async (t) => {
    const missing = libtorrent.missing();
    if (missing !== undefined && skipAloud(t, missing)) return;
    const workspace = await Workspace.open(t);
    const torrent = makeTorrent(singleFile('scripted.bin', 2 * MIB + 12_345, 11), 64 * KIB);
    const seeder = workspace.own(await ScriptedSeeder.listen(torrent, { behaviours }));
    const target = await workspace.folder('target');
    await downloadForeign(workspace, torrent, target, [seeder.port]);
    await assertDownloaded(torrent.payload, target);
    assert.ok(seeder.sentBytes >= torrent.totalBytes);
  });
}
