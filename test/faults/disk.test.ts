// Disks that refuse. The message names the place and the reason, what was verified is kept, and nothing hangs.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { ScriptedSeeder } from '#src/testing/peers/scripted-seeder.ts';
import { skipAloud } from '../support/available.ts';
import { assertDownloaded } from '../support/compare.ts';
import { type CliEvent, EXIT_FAILED, EXIT_USAGE, Millrace } from '../support/millrace.ts';
import { fileTree } from '../support/payload.ts';
import { readOnlyFolder, TinyDisk, withoutOverride } from '../support/privileges.ts';
import { KIB, MIB, makeTorrent, saveTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const TORRENT = makeTorrent(fileTree('disky', { 'a.bin': 7 * MIB + 1, 'sub/b.bin': 9 * MIB }, 91), 256 * KIB);

interface Scene {
  readonly target: string;
  readonly through?: readonly string[];
}

/** Starts a download of the torrent from a good seeder. */
async function start(workspace: Workspace, scene: Scene): Promise<{ run: Millrace; seeder: ScriptedSeeder }> {
  const seeder = workspace.own(await ScriptedSeeder.listen(TORRENT));
  const file = await saveTorrent(TORRENT, workspace.path);
  const options = { peers: [seeder.port], ...(scene.through === undefined ? {} : { through: scene.through }) };
  return { run: Millrace.get(workspace, file, scene.target, options), seeder };
}

/** Waits for the failure and checks that a user can act on its message. */
async function refusal(run: Millrace, exitCode: number, names: string): Promise<CliEvent> {
  const outcome = await run.outcome();
  assert.equal(outcome.code, exitCode, JSON.stringify(outcome.last));
  assert.equal(outcome.last?.event, 'error');
  assert.match(outcome.last.code ?? '', /^ERR_/);
  assert.ok(outcome.last.message?.includes(names), `the message names ${names}: ${outcome.last.message}`);
  return outcome.last;
}

test('a full disk stops the download with a message; with room made, the same command completes it', async (t) => {
  const workspace = await Workspace.open(t);
  const disk = await TinyDisk.mount(workspace, 6 * MIB);
  if (disk === undefined) return void skipAloud(t, 'mounting a small disk needs root');
  const first = await start(workspace, { target: disk.path });
  const error = await refusal(first.run, EXIT_FAILED, disk.path);
  assert.equal(error.code, 'ERR_STORAGE_FULL');

  disk.resize(64 * MIB);
  const second = await start(workspace, { target: disk.path });
  await second.run.done();
  await assertDownloaded(TORRENT.payload, disk.path);
  assert.ok(second.seeder.sentBytes < TORRENT.totalBytes, 'what was verified before the disk was full is kept');
});

test('a folder that may not be written is refused before anything is downloaded', async (t) => {
  const through = withoutOverride();
  if (through === undefined) return void skipAloud(t, 'setpriv cannot drop the right to ignore permissions');
  const workspace = await Workspace.open(t);
  const target = await readOnlyFolder(workspace, path.join(workspace.path, 'read-only'));
  const { run, seeder } = await start(workspace, { target, through });
  await refusal(run, EXIT_USAGE, target);
  assert.equal(seeder.sessions.length, 0);
});

test('a folder inside the download that may not be written stops it with a message', async (t) => {
  const through = withoutOverride();
  if (through === undefined) return void skipAloud(t, 'setpriv cannot drop the right to ignore permissions');
  const workspace = await Workspace.open(t);
  const target = await workspace.folder('target');
  const forbidden = await readOnlyFolder(workspace, path.join(target, 'disky', 'sub'));
  const { run } = await start(workspace, { target, through });
  const error = await refusal(run, EXIT_FAILED, forbidden);
  assert.equal(error.code, 'ERR_STORAGE_ACCESS');
});

test('a folder in the place of a file stops the download with a message', async (t) => {
  const workspace = await Workspace.open(t);
  const target = await workspace.folder('target');
  const inTheWay = await workspace.folder('target', 'disky', 'sub', 'b.bin');
  const { run } = await start(workspace, { target });
  await refusal(run, EXIT_FAILED, inTheWay);
});

test('a file in the place of a folder stops the download with a message', async (t) => {
  const workspace = await Workspace.open(t);
  const target = await workspace.folder('target');
  await mkdir(path.join(target, 'disky'));
  const inTheWay = path.join(target, 'disky', 'sub');
  await writeFile(inTheWay, 'not a folder');
  const { run } = await start(workspace, { target });
  await refusal(run, EXIT_FAILED, inTheWay);
});
