// When nothing comes in, the user can read why, and Ctrl-C ends the program at once.
import assert from 'node:assert/strict';
import test from 'node:test';
import { neverUnchoke } from '#src/testing/peers/choking.ts';
import { wrongInfoHash } from '#src/testing/peers/handshakes.ts';
import { drip, stallAfter } from '#src/testing/peers/pacing.ts';
import { ScriptedSeeder, type ScriptedSeederOptions } from '#src/testing/peers/scripted-seeder.ts';
import { freePort } from '../support/free-port.ts';
import { EXIT_INTERRUPTED, Millrace } from '../support/millrace.ts';
import { singleFile } from '../support/payload.ts';
import { KIB, MIB, makeTorrent, saveTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const TORRENT = makeTorrent(singleFile('stalled.bin', 2 * MIB, 95), 64 * KIB);
const INTERRUPT_TIMEOUT_MS = 10_000;

const CASES: readonly [title: string, peer: ScriptedSeederOptions | undefined, code: RegExp][] = [
  ['nobody listens at the address', undefined, /^(no-peers|connecting)$/],
  ['the only peer is of another torrent', { behaviours: [wrongInfoHash()] }, /^(no-peers|connecting)$/],
  ['the only peer never unchokes', { behaviours: [neverUnchoke()] }, /^all-choked$/],
  ['the only peer has nothing', { has: () => false }, /^nothing-wanted-offered$/],
  ['the only peer stalls in a block', { behaviours: [stallAfter(68 + 9 + 5 + 13 + 1000)] }, /^waiting$/],
  ['the only peer drips', { behaviours: [drip(1000, 1)] }, /^(no-peers|connecting)$/],
];

for (const [title, peer, code] of CASES) {
  test(`${title}: the stall has a reason, and Ctrl-C works`, async (t) => {
    const workspace = await Workspace.open(t);
    const seeder = peer && workspace.own(await ScriptedSeeder.listen(TORRENT, peer));
    const file = await saveTorrent(TORRENT, workspace.path);
    const peers = [seeder?.port ?? (await freePort())];
    const run = Millrace.get(workspace, file, await workspace.folder('target'), { peers });
    const event = await run.until((said) => code.test(said.stall?.code ?? ''), `a stall reason like ${code}`);
    assert.ok((event.stall?.message.length ?? 0) > 10, `a message that a user understands: ${event.stall?.message}`);
    run.interrupt();
    const outcome = await run.outcome(INTERRUPT_TIMEOUT_MS);
    assert.equal(outcome.code, EXIT_INTERRUPTED);
  });
}
