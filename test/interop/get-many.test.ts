// Several torrents by one command, from foreign seeders: interrupted half-way, continued, complete byte for byte.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipAloud } from '../support/available.ts';
import { assertDownloaded } from '../support/compare.ts';
import { type CliEvent, EXIT_INTERRUPTED, Millrace } from '../support/millrace.ts';
import { fileTree, singleFile, writePayload } from '../support/payload.ts';
import { aria2 } from '../support/seeders/aria2.ts';
import { libtorrent } from '../support/seeders/libtorrent.ts';
import { KIB, MIB, makeTorrent, saveTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const ALONE = ['--no-trackers', '--no-dht', '--no-lsd', '--no-pex', '--no-nat', '--listen', '127.0.0.1:0'];

test('a torrent file and a magnet link at once: Ctrl-C saves both, the same command completes both', {
  timeout: 150_000,
}, async (t) => {
  const reason = libtorrent.missing() ?? aria2.missing();
  if (reason !== undefined && skipAloud(t, reason)) return;
  const workspace = await Workspace.open(t);
  const tree = makeTorrent(fileTree('tree', { 'a.bin': 6 * MIB + 5, 'b/c.bin': 300_000 }, 91), 32 * KIB);
  const single = makeTorrent(singleFile('single.bin', 6 * MIB + 1, 92), 16 * KIB);
  const seeded = await workspace.folder('seeded');
  for (const { payload } of [tree, single]) await writePayload(payload, seeded);
  const seeders = [await libtorrent.start(workspace, tree, seeded), await aria2.start(workspace, single, seeded)];
  const peers = seeders.flatMap(({ port }) => ['--peer', `127.0.0.1:${port}`]);
  const got = await workspace.folder('got');
  const magnet = `magnet:?xt=urn:btih:${tree.infoHash.toString('hex')}&dn=tree`;
  const args = ['get', magnet, await saveTorrent(single, workspace.path), '-o', got, ...peers, ...ALONE];

  const first = new Millrace(workspace, [...args, '--down', '2MiB']);
  const isHalfDone = (name: string) => (event: CliEvent & { readonly name?: string }) =>
    event.event === 'progress' && event.name === name && (event.bytesDone ?? 0) > 2 * MIB;
  await Promise.all(['tree', 'single.bin'].map((name) => first.until(isHalfDone(name), `a part of ${name}`)));
  first.interrupt();
  const interrupted = await first.outcome();
  assert.deepEqual([interrupted.code, interrupted.last?.code], [EXIT_INTERRUPTED, 'ERR_CLI_INTERRUPTED']);

  const second = new Millrace(workspace, args);
  const done = (await second.done()) as CliEvent & { readonly torrents?: number; readonly downloadedBytes?: number };
  const totalBytes = tree.totalBytes + single.totalBytes;
  assert.deepEqual([done.torrents, done.bytes], [2, totalBytes]);
  assert.ok(done.downloadedBytes! < totalBytes - 4 * MIB, `of both a part was there: ${done.downloadedBytes} came`);
  await assertDownloaded([tree.payload, single.payload], got);
});
