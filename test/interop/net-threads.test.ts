// Connections in threads of their own (`--net-threads`) against libtorrent: TCP in the threads, uTP beside them, and both in one
// download. Everything else that whole clients do in threads is shown by the same tests over again (MILLRACE_NET_THREADS).
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { skipAloud } from '../support/available.ts';
import { assertDownloaded } from '../support/compare.ts';
import { download } from '../support/download.ts';
import { DOWNLOAD_TIMEOUT_MS, Millrace } from '../support/millrace.ts';
import { fileTree, writePayload } from '../support/payload.ts';
import { Program } from '../support/program.ts';
import { repository } from '../support/repository.ts';
import { LIBTORRENT_PYTHON, LibtorrentSeeder, libtorrent } from '../support/seeders/libtorrent.ts';
import { KIB, MIB, makeTorrent, saveTorrent, type TestTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const LEECHER = path.join(repository, 'test', 'support', 'leechers', 'libtorrent-get.py');
const TIMEOUT = { timeout: 120_000 };
const THREADS = ['--net-threads', '2'];

async function scene(
  t: TestContext,
): Promise<{ workspace: Workspace; torrent: TestTorrent; folder: string } | undefined> {
  const reason = libtorrent.missing();
  if (reason !== undefined && skipAloud(t, reason)) return undefined;
  const workspace = await Workspace.open(t);
  const torrent = makeTorrent(fileTree('in threads', { 'a.bin': 9 * MIB, 'b/c.bin': 30_001 }, 37), 64 * KIB);
  const folder = await workspace.folder('seeded');
  await writePayload(torrent.payload, folder);
  return { workspace, torrent, folder };
}

describe('downloads by a client with network threads', { concurrency: 2 }, () => {
  for (const [ways, rate] of [
    [['tcp'], []],
    [['utp'], []],
    // Slowly enough that whoever connects a quarter of a second later has his part of it.
    [
      ['tcp', 'utp'],
      ['--down', '3MiB'],
    ],
  ] as const) {
    test(`from libtorrent over ${ways.join(' and ')}`, TIMEOUT, async (t) => {
      const ground = await scene(t);
      if (ground === undefined) return;
      const { workspace, torrent, folder } = ground;
      const ports: number[] = [];
      for (const way of ways) {
        ports.push((await LibtorrentSeeder.start(workspace, torrent, folder, { utp: way === 'utp' })).port);
      }
      const got = await workspace.folder('got');
      const { dataPath } = await download(workspace, torrent, got, ports, [...THREADS, ...rate]);
      await assertDownloaded(torrent.payload, got);
      const { placedBytes, copiedBytes } = dataPath!;
      const seen = [placedBytes > 0.2 * torrent.totalBytes && 'tcp', copiedBytes > 0.2 * torrent.totalBytes && 'utp'];
      assert.deepEqual(seen.filter(Boolean), ways, `${placedBytes} bytes placed, ${copiedBytes} copied`);
    });
  }
});

describe('uploads by a client with network threads', { concurrency: 2 }, () => {
  for (const [way, flag] of [
    ['TCP', []],
    ['uTP', ['--utp']],
  ] as const) {
    test(`to a libtorrent that speaks ${way} alone`, TIMEOUT, async (t) => {
      const ground = await scene(t);
      if (ground === undefined) return;
      const { workspace, torrent, folder } = ground;
      const file = await saveTorrent(torrent, workspace.path);
      const { port } = await Millrace.seed(workspace, file, folder, { peers: [], args: THREADS });
      const got = await workspace.folder('got');
      const leecher = workspace.own(new Program(LIBTORRENT_PYTHON!, [LEECHER, file, got, `${port}`, ...flag]));
      const end = await leecher.wait(DOWNLOAD_TIMEOUT_MS);
      assert.equal(end.code, 0, leecher.errors.tail());
      await assertDownloaded(torrent.payload, got);
    });
  }
});
