// Seeders that go away in the middle of a download.
import assert from 'node:assert/strict';
import test from 'node:test';
import { skipAloud } from '../support/available.ts';
import { assertDownloaded } from '../support/compare.ts';
import { Millrace } from '../support/millrace.ts';
import { singleFile, writePayload } from '../support/payload.ts';
import { LibtorrentSeeder, libtorrent } from '../support/seeders/libtorrent.ts';
import { KIB, MIB, makeTorrent, saveTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const TORRENT = makeTorrent(singleFile('vanishing.bin', 24 * MIB + 99, 71), 512 * KIB);
/** Slow enough to vanish in the middle. */
const SLOWED = { uploadBytesPerSecond: 8 * MIB };
const SOME_BYTES = 4 * MIB;

test('a seeder vanishes and comes back at the same address: the download goes on where it was', async (t) => {
  const missing = libtorrent.missing();
  if (missing !== undefined && skipAloud(t, missing)) return;
  const workspace = await Workspace.open(t);
  const source = await workspace.folder('source');
  await writePayload(TORRENT.payload, source);
  const seeder = await LibtorrentSeeder.start(workspace, TORRENT, source, SLOWED);
  const target = await workspace.folder('target');
  const run = Millrace.get(workspace, await saveTorrent(TORRENT, workspace.path), target, { peers: [seeder.port] });
  await run.untilBytes(SOME_BYTES);
  await seeder.kill();
  const returned = await LibtorrentSeeder.start(workspace, TORRENT, source, { port: seeder.port });
  await run.done();
  await assertDownloaded(TORRENT.payload, target);
  const [uploaded] = await returned.uploadedBytes();
  assert.ok(uploaded! <= TORRENT.totalBytes - SOME_BYTES, `what was verified came again: ${uploaded} bytes`);
});

test('one of two seeders vanishes for good: the other completes the download', async (t) => {
  const missing = libtorrent.missing();
  if (missing !== undefined && skipAloud(t, missing)) return;
  const workspace = await Workspace.open(t);
  const source = await workspace.folder('source');
  await writePayload(TORRENT.payload, source);
  const vanishing = await LibtorrentSeeder.start(workspace, TORRENT, source, SLOWED);
  const staying = await LibtorrentSeeder.start(workspace, TORRENT, source, SLOWED);
  const target = await workspace.folder('target');
  const peers = [vanishing.port, staying.port];
  const run = Millrace.get(workspace, await saveTorrent(TORRENT, workspace.path), target, { peers });
  await run.untilBytes(SOME_BYTES);
  await vanishing.kill();
  await run.done();
  await assertDownloaded(TORRENT.payload, target);
});
