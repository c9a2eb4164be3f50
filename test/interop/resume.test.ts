// Interrupted downloads: Ctrl-C and kill −9, at a moment that the test chose and at one that it did not.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ScriptedSeeder } from '#src/testing/peers/scripted-seeder.ts';
import { skipAloud } from '../support/available.ts';
import { assertDownloaded } from '../support/compare.ts';
import { EXIT_INTERRUPTED, Millrace } from '../support/millrace.ts';
import { fileTree, writePayload } from '../support/payload.ts';
import { LibtorrentSeeder, libtorrent } from '../support/seeders/libtorrent.ts';
import { KIB, MIB, makeTorrent, saveTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const TORRENT = makeTorrent(fileTree('resumed', { 'a.bin': 9 * MIB + 1, 'b.bin': 15 * MIB, empty: 0 }, 81), 256 * KIB);
const FIRST_PIECES = 40;

const INTERRUPTIONS = [
  { title: 'Ctrl-C', strike: (run: Millrace) => run.interrupt(), expected: { code: EXIT_INTERRUPTED, signal: null } },
  { title: 'kill −9', strike: (run: Millrace) => run.kill(), expected: { code: null, signal: 'SIGKILL' } },
] as const;

for (const { title, strike, expected } of INTERRUPTIONS) {
  test(`after ${title}, no verified piece is asked for again`, async (t) => {
    const workspace = await Workspace.open(t);
    const file = await saveTorrent(TORRENT, workspace.path);
    const target = await workspace.folder('target');
    const has = (piece: number): boolean => piece < FIRST_PIECES;
    const half = workspace.own(await ScriptedSeeder.listen(TORRENT, { has }));
    const first = Millrace.get(workspace, file, target, { peers: [half.port] });
    await first.untilBytes(FIRST_PIECES * TORRENT.pieceBytes);
    strike(first);
    const { code, signal } = await first.outcome();
    assert.deepEqual({ code, signal }, expected);

    const whole = workspace.own(await ScriptedSeeder.listen(TORRENT));
    await Millrace.get(workspace, file, target, { peers: [whole.port] }).done();
    await assertDownloaded(TORRENT.payload, target);
    const again = whole.requests.filter((request) => has(request.piece));
    assert.deepEqual(again, []);
  });

  test(`after ${title} at any moment, libtorrent completes the download`, async (t) => {
    const missing = libtorrent.missing();
    if (missing !== undefined && skipAloud(t, missing)) return;
    const workspace = await Workspace.open(t);
    const file = await saveTorrent(TORRENT, workspace.path);
    const source = await workspace.folder('source');
    await writePayload(TORRENT.payload, source);
    const target = await workspace.folder('target');
    const slow = await LibtorrentSeeder.start(workspace, TORRENT, source, { uploadBytesPerSecond: 8 * MIB });
    const first = Millrace.get(workspace, file, target, { peers: [slow.port] });
    await first.untilBytes(3 * MIB);
    strike(first);
    const { code, signal } = await first.outcome();
    assert.deepEqual({ code, signal }, expected);

    const fast = await LibtorrentSeeder.start(workspace, TORRENT, source);
    await Millrace.get(workspace, file, target, { peers: [fast.port] }).done();
    await assertDownloaded(TORRENT.payload, target);
    const [uploaded] = await fast.uploadedBytes();
    assert.ok(uploaded! <= TORRENT.totalBytes - 3 * MIB, `what was verified came again: ${uploaded} bytes`);
  });
}

test('a second get over a complete download is done without asking anybody', async (t) => {
  const workspace = await Workspace.open(t);
  const file = await saveTorrent(TORRENT, workspace.path);
  const target = await workspace.folder('target');
  const seeder = workspace.own(await ScriptedSeeder.listen(TORRENT));
  await Millrace.get(workspace, file, target, { peers: [seeder.port] }).done();
  const asked = seeder.requests.length;
  await Millrace.get(workspace, file, target, { peers: [seeder.port] }).done();
  assert.equal(seeder.requests.length, asked);
  await assertDownloaded(TORRENT.payload, target);
});
