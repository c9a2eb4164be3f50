// Downloads from several foreign seeders at once.
import assert from 'node:assert/strict';
import test from 'node:test';
import { skipAloud } from '../support/available.ts';
import { assertDownloaded } from '../support/compare.ts';
import { download } from '../support/download.ts';
import { fileTree, singleFile, writePayload } from '../support/payload.ts';
import { aria2, startAria2 } from '../support/seeders/aria2.ts';
import { LibtorrentSeeder, libtorrent } from '../support/seeders/libtorrent.ts';
import { KIB, MIB, makeTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const missing = libtorrent.missing() ?? aria2.missing();

test('two libtorrent seeders and one aria2 seeder at once', async (t) => {
  if (missing !== undefined && skipAloud(t, missing)) return;
  const workspace = await Workspace.open(t);
  const torrent = makeTorrent(fileTree('three', { 'a.bin': 17 * MIB + 1, 'b.bin': 15 * MIB }, 61), MIB);
  const source = await workspace.folder('source');
  await writePayload(torrent.payload, source);
  const slowed = { uploadBytesPerSecond: 16 * MIB };
  const two = await LibtorrentSeeder.start(workspace, torrent, source, { ...slowed, count: 2 });
  const third = await startAria2(workspace, torrent, source, slowed);
  const target = await workspace.folder('target');
  await download(workspace, torrent, target, [...two.ports, third.port]);
  await assertDownloaded(torrent.payload, target);
  for (const uploaded of await two.uploadedBytes()) assert.ok(uploaded > 0, 'each seeder took part');
});

test('twenty seeders at once', async (t) => {
  if (missing !== undefined && skipAloud(t, missing)) return;
  const workspace = await Workspace.open(t);
  const torrent = makeTorrent(singleFile('twenty.bin', 48 * MIB + 4321, 62), 256 * KIB);
  const source = await workspace.folder('source');
  await writePayload(torrent.payload, source);
  // Slow ones, so that all are still needed when the last of them is connected.
  const slowed = { uploadBytesPerSecond: 2 * MIB };
  const many = await LibtorrentSeeder.start(workspace, torrent, source, { ...slowed, count: 19 });
  const other = await startAria2(workspace, torrent, source, slowed);
  const target = await workspace.folder('target');
  await download(workspace, torrent, target, [...many.ports, other.port]);
  await assertDownloaded(torrent.payload, target);
  const uploaded = await many.uploadedBytes();
  assert.ok(uploaded.filter((bytes) => bytes > 0).length >= 15, `most took part: ${uploaded.join(' ')}`);
});

test('three seeders of 16 MiB pieces through 16 MiB of piece memory', async (t) => {
  if (missing !== undefined && skipAloud(t, missing)) return;
  const workspace = await Workspace.open(t);
  const torrent = makeTorrent(fileTree('crowded', { 'a.bin': 33 * MIB + 7, 'b.bin': 15 * MIB }, 63), 16 * MIB);
  const source = await workspace.folder('source');
  await writePayload(torrent.payload, source);
  const seeders = await LibtorrentSeeder.start(workspace, torrent, source, { count: 3 });
  const target = await workspace.folder('target');
  const done = await download(workspace, torrent, target, seeders.ports, ['--memory', '16MiB']);
  await assertDownloaded(torrent.payload, target);
  // Node itself takes 70 to 90 MiB; three pieces in memory would be 48 more.
  assert.ok((done.peakRssBytes ?? 0) < 144 * MIB, `${done.peakRssBytes} bytes of memory`);
});
