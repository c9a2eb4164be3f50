// Metadata between Millrace and foreign clients (BEP 9), both ways: from a magnet link to files, byte for byte.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { skipAloud } from '../support/available.ts';
import { assertDownloaded } from '../support/compare.ts';
import { type CliEvent, DOWNLOAD_TIMEOUT_MS, Millrace } from '../support/millrace.ts';
import { fileTree, writePayload } from '../support/payload.ts';
import { Program } from '../support/program.ts';
import { repository } from '../support/repository.ts';
import { aria2 } from '../support/seeders/aria2.ts';
import { LIBTORRENT_PYTHON, libtorrent } from '../support/seeders/libtorrent.ts';
import type { SeederDriver } from '../support/seeders/seeder.ts';
import { transmission } from '../support/seeders/transmission.ts';
import { webtorrent } from '../support/seeders/webtorrent.ts';
import { KIB, MIB, makeTorrent, saveTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

/** 16 KiB pieces: some 700 of them, so that the metadata itself has more than one piece. */
const payloadOf = () => fileTree('linked', { 'a.bin': 11 * MIB + 5, 'b/c.bin': 300_000 }, 90);

function magnetOf(infoHash: Buffer, more = ''): string {
  return `magnet:?xt=urn:btih:${infoHash.toString('hex')}&dn=linked${more}`;
}

/** The payload on disk, where a client can seed it. */
async function stageOf(t: TestContext) {
  const workspace = await Workspace.open(t);
  const torrent = makeTorrent(payloadOf(), 16 * KIB);
  const seeded = await workspace.folder('seeded');
  await writePayload(torrent.payload, seeded);
  return { workspace, torrent, seeded };
}

function fetches(driver: SeederDriver): void {
  test(`metadata and files from ${driver.name}`, { timeout: 90_000 }, async (t) => {
    const reason = driver.missing();
    if (reason !== undefined && skipAloud(t, reason)) return;
    const { workspace, torrent, seeded } = await stageOf(t);
    const seeder = await driver.start(workspace, torrent, seeded);
    const got = await workspace.folder('got');
    const link = magnetOf(torrent.infoHash, `&x.pe=127.0.0.1:${seeder.port}`);
    const event = await Millrace.get(workspace, link, got, { peers: [] }).done();
    assert.equal(event.bytes, torrent.totalBytes);
    await assertDownloaded(torrent.payload, got);
    await seeder.stop();
    const again = await Millrace.get(workspace, torrent.infoHash.toString('hex'), got, { peers: [] }).done();
    assert.equal(again.bytes, torrent.totalBytes, 'the metadata is kept: nobody needs to be asked again');
  });
}

/** What aria2 says is in a torrent file. */
async function shownByAria2(workspace: Workspace, file: string): Promise<string> {
  const aria2 = workspace.own(new Program('aria2c', ['--show-files', file]));
  const end = await aria2.wait(DOWNLOAD_TIMEOUT_MS);
  assert.equal(end.code, 0, aria2.errors.tail());
  return aria2.output.text;
}

function looksInto(driver: SeederDriver): void {
  test(`info shows the files of a magnet link from ${driver.name}, and writes a torrent file that others read`, {
    timeout: 90_000,
  }, async (t) => {
    const reason = driver.missing() ?? aria2.missing();
    if (reason !== undefined && skipAloud(t, reason)) return;
    const { workspace, torrent, seeded } = await stageOf(t);
    const seeder = await driver.start(workspace, torrent, seeded);
    const file = path.join(workspace.path, 'fetched.torrent');
    const link = magnetOf(torrent.infoHash, `&x.pe=127.0.0.1:${seeder.port}`);
    const alone = ['--no-trackers', '--no-dht', '--no-lsd', '--no-pex', '--listen', '127.0.0.1:0'];
    const run = new Millrace(workspace, ['info', link, '-o', file, ...alone]);
    const event = (await run.done()) as CliEvent & { readonly files?: readonly { readonly path: string }[] };
    assert.deepEqual(
      event.files?.map((entry) => entry.path),
      ['linked/a.bin', 'linked/b/c.bin'],
    );
    const shown = await shownByAria2(workspace, file);
    assert.match(shown, new RegExp(`Info Hash: ${torrent.infoHash.toString('hex')}`));
    assert.match(shown, /linked\/b\/c\.bin/);
    const got = await workspace.folder('got');
    const some = await Millrace.get(workspace, file, got, { peers: [seeder.port], args: ['--select', 'C.*'] }).done();
    assert.ok(some.bytes! < 400_000, `only one file was asked for by its name, ${some.bytes} bytes came`);
  });
}

describe('magnet links', { concurrency: 2 }, () => {
  for (const driver of [libtorrent, transmission, webtorrent]) {
    fetches(driver);
    looksInto(driver);
  }

  test('a selection in the link is heeded', { timeout: 60_000 }, async (t) => {
    const reason = libtorrent.missing();
    if (reason !== undefined && skipAloud(t, reason)) return;
    const { workspace, torrent, seeded } = await stageOf(t);
    const seeder = await libtorrent.start(workspace, torrent, seeded);
    const got = await workspace.folder('got');
    const event = await Millrace.get(workspace, magnetOf(torrent.infoHash, '&so=1'), got, {
      peers: [seeder.port],
    }).done();
    assert.ok(event.bytes! < 400_000, `only file 1 was asked for, ${event.bytes} bytes came`);
  });

  test('libtorrent gets metadata and files from us', { timeout: 60_000 }, async (t) => {
    const reason = libtorrent.missing();
    if (reason !== undefined && skipAloud(t, reason)) return;
    const { workspace, torrent, seeded } = await stageOf(t);
    const file = await saveTorrent(torrent, workspace.path);
    const seed = new Millrace(workspace, ['seed', file, '-d', seeded, '--listen', '127.0.0.1:0', '--no-trackers']);
    const { address } = await seed.until((event) => event.event === 'listening', 'a listening seed');
    const got = await workspace.folder('got');
    const script = path.join(repository, 'test', 'support', 'leechers', 'libtorrent-get.py');
    const args = [script, magnetOf(torrent.infoHash), got, address!.split(':').at(-1)!];
    const leecher = workspace.own(new Program(LIBTORRENT_PYTHON!, args));
    const end = await leecher.wait(DOWNLOAD_TIMEOUT_MS);
    assert.equal(end.code, 0, leecher.errors.tail());
    await assertDownloaded(torrent.payload, got);
  });
});
