// uTP (BEP 29) with clients that speak nothing else, both ways, byte for byte, also over a bad network: that both ends of
// our own fit each other says little about whether they fit anybody's.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { LossyRelay, type RelayManners } from '#src/testing/utp/lossy-relay.ts';
import { skipAloud } from '../support/available.ts';
import { assertDownloaded } from '../support/compare.ts';
import { daemonSeeder } from '../support/daemons/daemon.ts';
import { utpTransmissionDaemon } from '../support/daemons/transmission-daemon.ts';
import { download } from '../support/download.ts';
import { DOWNLOAD_TIMEOUT_MS, Millrace } from '../support/millrace.ts';
import { fileTree, writePayload } from '../support/payload.ts';
import { Program } from '../support/program.ts';
import { repository } from '../support/repository.ts';
import { LIBTORRENT_PYTHON, LibtorrentSeeder, libtorrent } from '../support/seeders/libtorrent.ts';
import { KIB, MIB, makeTorrent, saveTorrent, type TestTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const LEECHER = path.join(repository, 'test', 'support', 'leechers', 'libtorrent-get.py');
const transmission = daemonSeeder(utpTransmissionDaemon);
const TIMEOUT = { timeout: 90_000 };
/** Connections that break in a minute on the worst path here: one in six downloads has one. */
const BROKEN_LINKS_MAX = 3;

interface Scene {
  readonly workspace: Workspace;
  readonly torrent: TestTorrent;
  /** Holds the payload. */
  readonly folder: string;
  readonly got: string;
}

async function scene(t: TestContext, bytes: number): Promise<Scene> {
  const workspace = await Workspace.open(t);
  const torrent = makeTorrent(fileTree('micro', { 'a.bin': bytes, 'b/c.bin': 30_001, 'b/d.bin': 1 }, 29), 64 * KIB);
  const folder = await workspace.folder('seeded');
  await writePayload(torrent.payload, folder);
  return { workspace, torrent, folder, got: await workspace.folder('got') };
}

/** Puts a bad network before a port. */
async function behind(workspace: Workspace, port: number, manners: RelayManners | undefined): Promise<number> {
  if (manners === undefined) return port;
  return workspace.own(await LossyRelay.open(port, manners)).port;
}

const NETWORKS: readonly (readonly [string, number, RelayManners | undefined])[] = [
  ['', 9 * MIB, undefined],
  [', 1 % lost, 100 ms there and back', 2 * MIB, { delayMs: 50, loss: 0.01 }],
  [', 5 % lost, 100 ms there and back', 400 * KIB, { delayMs: 50, loss: 0.05 }],
];

describe('downloads over uTP', { concurrency: 2 }, () => {
  for (const [network, bytes, manners] of NETWORKS) {
    test(`from a libtorrent without TCP${network}`, TIMEOUT, async (t) => {
      const reason = libtorrent.missing();
      if (reason !== undefined && skipAloud(t, reason)) return;
      const { workspace, torrent, folder, got } = await scene(t, bytes);
      const seeder = await LibtorrentSeeder.start(workspace, torrent, folder, { utp: true });
      const { dataPath } = await download(workspace, torrent, got, [await behind(workspace, seeder.port, manners)]);
      await assertDownloaded(torrent.payload, got);
      const { copiedBytes, wastedBytes } = dataPath!;
      if (manners === undefined) assert.equal(copiedBytes, torrent.totalBytes, 'once, from its datagram to its place');
      // On a bad path libtorrent gives a connection up when one packet was lost four times (utp_num_resends), and dials
      // us again. What the dead link owed is then asked of both: only what really came twice may be copied twice, and of
      // each dead link the beginning of a block.
      const twice = copiedBytes - torrent.totalBytes;
      assert.ok(twice >= 0 && twice <= wastedBytes + BROKEN_LINKS_MAX * 16 * KIB, `${twice} bytes more than once`);
      assert.equal(dataPath!.placedBytes, 0);
    });
  }

  test('encrypted, from a libtorrent without TCP that speaks nothing but RC4', TIMEOUT, async (t) => {
    const reason = libtorrent.missing();
    if (reason !== undefined && skipAloud(t, reason)) return;
    const { workspace, torrent, folder, got } = await scene(t, 3 * MIB);
    const seeder = await LibtorrentSeeder.start(workspace, torrent, folder, { utp: true, encryption: 'rc4' });
    await download(workspace, torrent, got, [seeder.port]);
    await assertDownloaded(torrent.payload, got);
  });

  test('from Transmission, which has TCP, too: prefer means uTP, and off means TCP', TIMEOUT, async (t) => {
    const reason = transmission.missing();
    if (reason !== undefined && skipAloud(t, reason)) return;
    const { workspace, torrent, folder, got } = await scene(t, 3 * MIB);
    const seeder = await transmission.start(workspace, torrent, folder);
    const over = await download(workspace, torrent, got, [seeder.port], ['--utp', 'prefer']);
    await assertDownloaded(torrent.payload, got);
    assert.equal(over.dataPath!.copiedBytes, torrent.totalBytes, 'all of it came in datagrams');
    const plain = await workspace.folder('plain');
    const tcp = await download(workspace, torrent, plain, [seeder.port], ['--utp', 'off']);
    await assertDownloaded(torrent.payload, plain);
    assert.ok(tcp.dataPath!.placedBytes > 0.9 * torrent.totalBytes, 'all of it came over TCP');
  });
});

describe('uploads over uTP', { concurrency: 2 }, () => {
  const upload = async (t: TestContext, bytes: number, manners: RelayManners | undefined, encrypted: boolean) => {
    const reason = libtorrent.missing();
    if (reason !== undefined && skipAloud(t, reason)) return;
    const { workspace, torrent, folder, got } = await scene(t, bytes);
    const file = await saveTorrent(torrent, workspace.path);
    const { port } = await Millrace.seed(workspace, file, folder, { peers: [] });
    const args = [LEECHER, file, got, `${await behind(workspace, port, manners)}`, '--utp'];
    if (encrypted) args.push('--encryption', 'rc4');
    const leecher = workspace.own(new Program(LIBTORRENT_PYTHON!, args));
    const end = await leecher.wait(DOWNLOAD_TIMEOUT_MS);
    assert.equal(end.code, 0, leecher.errors.tail());
    await assertDownloaded(torrent.payload, got);
  };

  for (const [network, bytes, manners] of NETWORKS)
    test(`to a libtorrent without TCP${network}`, TIMEOUT, (t) => upload(t, bytes, manners, false));

  test('encrypted, to a libtorrent without TCP', TIMEOUT, (t) => upload(t, 3 * MIB, undefined, true));
});
