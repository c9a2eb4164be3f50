// Message stream encryption (MSE) against clients that accept nothing else, both ways, byte for byte: that both halves of
// our handshake fit each other says little about whether they fit anybody's.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { skipAloud } from '../support/available.ts';
import { assertDownloaded } from '../support/compare.ts';
import { daemonLeecher, daemonSeeder } from '../support/daemons/daemon.ts';
import { encryptedRtorrentDaemon } from '../support/daemons/rtorrent-daemon.ts';
import { encryptedTransmissionDaemon } from '../support/daemons/transmission-daemon.ts';
import { download } from '../support/download.ts';
import { DOWNLOAD_TIMEOUT_MS, Millrace, type Sharer } from '../support/millrace.ts';
import { fileTree, writePayload } from '../support/payload.ts';
import { Program } from '../support/program.ts';
import { repository } from '../support/repository.ts';
import { aria2, startAria2 } from '../support/seeders/aria2.ts';
import { LIBTORRENT_PYTHON, LibtorrentSeeder, libtorrent } from '../support/seeders/libtorrent.ts';
import type { SeederDriver } from '../support/seeders/seeder.ts';
import { KIB, MIB, makeTorrent, saveTorrent, type TestTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const LEECHER = path.join(repository, 'test', 'support', 'leechers', 'libtorrent-get.py');

const payloadOf = () => fileTree('sealed', { 'a.bin': 9 * MIB + 5, 'b/c.bin': 300_001, 'b/d.bin': 1 }, 77);

/** A libtorrent that accepts and makes only encrypted handshakes; what follows them is as named. */
const forced = (encryption: 'rc4' | 'plaintext'): SeederDriver => ({
  ...libtorrent,
  name: `libtorrent, forced to ${encryption}`,
  start: (workspace, torrent, folder) => LibtorrentSeeder.start(workspace, torrent, folder, { encryption }),
});

const forcedAria2: SeederDriver = {
  ...aria2,
  name: 'aria2, forced to RC4',
  start: (workspace, torrent, folder) => startAria2(workspace, torrent, folder, { encrypted: true }),
};

/** Who seeds, and in which modes of ours that must work: `allow` is dialled plainly first, and has to try again. */
const SEEDERS: readonly (readonly [SeederDriver, readonly string[]])[] = [
  [forced('rc4'), ['require', 'prefer', 'allow']],
  [forced('plaintext'), ['prefer', 'allow']],
  [forcedAria2, ['require', 'allow']],
  [daemonSeeder(encryptedTransmissionDaemon), ['require', 'allow']],
  [daemonSeeder(encryptedRtorrentDaemon), ['require', 'allow']],
];

interface Seeded {
  readonly workspace: Workspace;
  readonly torrent: TestTorrent;
  /** Holds the payload. */
  readonly folder: string;
}

async function seeded(workspace: Workspace): Promise<Seeded> {
  const torrent = makeTorrent(payloadOf(), 64 * KIB);
  const folder = await workspace.folder('seeded');
  await writePayload(torrent.payload, folder);
  return { workspace, torrent, folder };
}

/** `millrace seed` of it. */
async function seedIt({ workspace, torrent, folder }: Seeded, mode: string, peers: readonly number[]): Promise<Sharer> {
  const file = await saveTorrent(torrent, workspace.path);
  return await Millrace.seed(workspace, file, folder, { peers, args: ['--encryption', mode] });
}

describe('encrypted downloads', { concurrency: 3 }, () => {
  for (const [driver, modes] of SEEDERS) {
    for (const mode of modes) {
      test(`--encryption ${mode} from ${driver.name}`, { timeout: 90_000 }, async (t) => {
        const reason = driver.missing();
        if (reason !== undefined && skipAloud(t, reason)) return;
        const { workspace, torrent, folder } = await seeded(await Workspace.open(t));
        const seeder = await driver.start(workspace, torrent, folder);
        const got = await workspace.folder('got');
        const event = await download(workspace, torrent, got, [seeder.port], ['--encryption', mode]);
        await assertDownloaded(torrent.payload, got);
        const { copiedBytes, placedBytes } = event.dataPath!;
        assert.ok(copiedBytes < 0.1 * placedBytes, `encrypted blocks are not copied: ${copiedBytes} of ${placedBytes}`);
      });
    }
  }

  test('a magnet link needs nobody who speaks plainly', { timeout: 90_000 }, async (t) => {
    const reason = libtorrent.missing();
    if (reason !== undefined && skipAloud(t, reason)) return;
    const { workspace, torrent, folder } = await seeded(await Workspace.open(t));
    const seeder = await forced('rc4').start(workspace, torrent, folder);
    const link = `magnet:?xt=urn:btih:${torrent.infoHash.toString('hex')}&x.pe=127.0.0.1:${seeder.port}`;
    const got = await workspace.folder('got');
    await Millrace.get(workspace, link, got, { peers: [], args: ['--encryption', 'require'] }).done();
    await assertDownloaded(torrent.payload, got);
  });
});

describe('encrypted uploads', { concurrency: 3 }, () => {
  for (const [encryption, mode] of [
    ['rc4', 'require'],
    ['rc4', 'allow'],
    ['plaintext', 'prefer'],
    ['plaintext', 'allow'],
  ] as const) {
    test(`libtorrent, forced to ${encryption}, from seed --encryption ${mode}`, { timeout: 90_000 }, async (t) => {
      const reason = libtorrent.missing();
      if (reason !== undefined && skipAloud(t, reason)) return;
      const source = await seeded(await Workspace.open(t));
      const { workspace, torrent } = source;
      const { port } = await seedIt(source, mode, []);
      const got = await workspace.folder('got');
      const file = await saveTorrent(torrent, workspace.path);
      const args = [LEECHER, file, got, `${port}`, '--encryption', encryption];
      const leecher = workspace.own(new Program(LIBTORRENT_PYTHON!, args));
      const end = await leecher.wait(DOWNLOAD_TIMEOUT_MS);
      assert.equal(end.code, 0, leecher.errors.tail());
      await assertDownloaded(torrent.payload, got);
    });
  }

  test('libtorrent gets metadata and files of a magnet link from seed --encryption require', {
    timeout: 90_000,
  }, async (t) => {
    const reason = libtorrent.missing();
    if (reason !== undefined && skipAloud(t, reason)) return;
    const source = await seeded(await Workspace.open(t));
    const { workspace, torrent } = source;
    const { port } = await seedIt(source, 'require', []);
    const got = await workspace.folder('got');
    const link = `magnet:?xt=urn:btih:${torrent.infoHash.toString('hex')}`;
    const leecher = workspace.own(
      new Program(LIBTORRENT_PYTHON!, [LEECHER, link, got, `${port}`, '--encryption', 'rc4']),
    );
    const end = await leecher.wait(DOWNLOAD_TIMEOUT_MS);
    assert.equal(end.code, 0, leecher.errors.tail());
    await assertDownloaded(torrent.payload, got);
  });

  // They take nobody on this machine for a peer of theirs, so we dial them.
  for (const daemon of [encryptedTransmissionDaemon, encryptedRtorrentDaemon]) {
    test(`${daemon.name}, from seed --encryption require`, { timeout: 90_000 }, async (t) => {
      const driver = daemonLeecher(daemon);
      const reason = driver.missing();
      if (reason !== undefined && skipAloud(t, reason)) return;
      const source = await seeded(await Workspace.open(t));
      const { workspace, torrent } = source;
      const got = await workspace.folder('got');
      const leecher = await driver.start(workspace, torrent, got);
      await seedIt(source, 'require', [leecher.port]);
      await leecher.completed();
      await assertDownloaded(torrent.payload, got);
    });
  }
});
