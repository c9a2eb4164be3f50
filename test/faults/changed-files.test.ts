// Files that change between two runs, or while one is at work. What still matches is trusted, the rest is checked and
// fetched again, and after the second run the files are right.
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { open, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import type { BehaviourMaker } from '#src/testing/peers/behaviour.ts';
import { ScriptedSeeder } from '#src/testing/peers/scripted-seeder.ts';
import { assertDownloaded } from '../support/compare.ts';
import { Millrace } from '../support/millrace.ts';
import { fileTree } from '../support/payload.ts';
import { KIB, MIB, makeTorrent, saveTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const A_BYTES = 4 * MIB + 1;
const TORRENT = makeTorrent(fileTree('changed', { 'a.bin': A_BYTES, 'b.bin': 3 * MIB, 'c.bin': 999 }, 92), 128 * KIB);
/** Pieces that hold no byte of a.bin. */
const UNTOUCHED = Array.from({ length: TORRENT.pieceCount }, (_, piece) => piece).filter(
  (piece) => piece * TORRENT.pieceBytes >= A_BYTES,
);
const LONG_AGO = new Date('2001-02-03T04:05:06Z');

const CHANGES: readonly [title: string, change: (file: string) => Promise<void>][] = [
  ['is truncated', (file) => truncate(file, 1 * MIB)],
  ['is empty', (file) => truncate(file, 0)],
  ['is longer and has another byte', (file) => truncate(file, A_BYTES + 5000).then(() => overwrite(file, 2 * MIB))],
  ['is missing', (file) => rm(file)],
  ['has another byte in the middle', (file) => overwrite(file, 2 * MIB)],
  ['has another byte and an old time', (file) => overwrite(file, 2 * MIB).then(() => utimes(file, LONG_AGO, LONG_AGO))],
  ['is another file of the same length', (file) => writeFile(file, Buffer.alloc(A_BYTES, 3))],
  ['was moved away and back', (file) => rename(file, `${file}.moved`).then(() => rename(`${file}.moved`, file))],
];

async function overwrite(file: string, position: number): Promise<void> {
  const handle = await open(file, 'r+');
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, position);
  await handle.write(Buffer.of(buffer[0]! ^ 0xff), 0, 1, position);
  await handle.close();
}

for (const [title, change] of CHANGES) {
  test(`a file of a complete download ${title}: the next run puts it right`, async (t) => {
    const workspace = await Workspace.open(t);
    const file = await saveTorrent(TORRENT, workspace.path);
    const target = await workspace.folder('target');
    const first = workspace.own(await ScriptedSeeder.listen(TORRENT));
    await Millrace.get(workspace, file, target, { peers: [first.port] }).done();
    await change(path.join(target, 'changed', 'a.bin'));

    const second = workspace.own(await ScriptedSeeder.listen(TORRENT));
    await Millrace.get(workspace, file, target, { peers: [second.port] }).done();
    await assertDownloaded(TORRENT.payload, target);
    const again = second.requests.filter((request) => UNTOUCHED.includes(request.piece));
    assert.deepEqual(again, [], 'pieces that lie in unchanged files are not asked for again');
  });
}

test('files of which there is no resume data are checked, and what is right is kept', async (t) => {
  const workspace = await Workspace.open(t);
  const file = await saveTorrent(TORRENT, workspace.path);
  const target = await workspace.folder('target');
  const first = workspace.own(await ScriptedSeeder.listen(TORRENT));
  await Millrace.get(workspace, file, target, { peers: [first.port] }).done();
  await rm(path.join(workspace.path, 'data'), { recursive: true });

  const second = workspace.own(await ScriptedSeeder.listen(TORRENT));
  await Millrace.get(workspace, file, target, { peers: [second.port] }).done();
  await assertDownloaded(TORRENT.payload, target);
  assert.deepEqual(second.requests, []);
});

/** What another program does to a file while it is written. */
const MEANWHILE: readonly [title: string, change: (file: string) => Promise<void>][] = [
  ['is truncated', (file) => truncate(file, 100 * KIB)],
  ['is removed', (file) => rm(file)],
  ['is moved away', (file) => rename(file, path.join(path.dirname(file), '..', '..', 'away.bin'))],
  [
    'is replaced',
    (file) => writeFile(`${file}.other`, Buffer.alloc(A_BYTES, 3)).then(() => rename(`${file}.other`, file)),
  ],
];
/** The piece that comes after the change. */
const LATE_PIECES: readonly [title: string, piece: number][] = [
  ['before a piece in its middle', 9],
  ['before its last byte', Math.floor(A_BYTES / TORRENT.pieceBytes)],
  ['before a piece of another file', TORRENT.pieceCount - 2],
];

/** Keeps its blocks until `until`. */
function lateAnswers(until: Promise<void>): BehaviourMaker {
  return (session) => ({
    request: (request) => {
      void until.then(() => session.answer(request));
      return true;
    },
  });
}

for (const [title, change] of MEANWHILE) {
  for (const [moment, late] of LATE_PIECES) {
    test(`a file ${title} during a download, ${moment}: it is not done, and the next run puts it right`, async (t) => {
      const workspace = await Workspace.open(t);
      const file = await saveTorrent(TORRENT, workspace.path);
      const target = await workspace.folder('target');
      const changed = new EventEmitter();
      const behaviours = [lateAnswers(once(changed, 'now').then(() => undefined))];
      const prompt = workspace.own(await ScriptedSeeder.listen(TORRENT, { has: (piece) => piece !== late }));
      const slow = workspace.own(await ScriptedSeeder.listen(TORRENT, { has: (piece) => piece === late, behaviours }));
      const run = Millrace.get(workspace, file, target, { peers: [prompt.port, slow.port] });
      await run.untilBytes(TORRENT.totalBytes - TORRENT.pieceBytes);
      await change(path.join(target, 'changed', 'a.bin'));
      changed.emit('now');
      const { code, message = '' } = await run.failed();
      assert.equal(code, 'ERR_STORAGE_CHANGED');
      assert.ok(message.includes(path.join(target, 'changed', 'a.bin')), message);

      const second = workspace.own(await ScriptedSeeder.listen(TORRENT));
      await Millrace.get(workspace, file, target, { peers: [second.port] }).done();
      await assertDownloaded(TORRENT.payload, target);
    });
  }
}
