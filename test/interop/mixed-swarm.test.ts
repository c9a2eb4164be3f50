// Swarms of clients of different make around us: several that leech from one Millrace at once, and one in which everybody
// has a part, nobody has all, and all finish.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { skipAloud } from '../support/available.ts';
import { assertDownloaded } from '../support/compare.ts';
import { aria2 } from '../support/leechers/aria2.ts';
import type { Leecher, LeecherDriver } from '../support/leechers/leecher.ts';
import { libtorrent } from '../support/leechers/libtorrent.ts';
import { qbittorrent } from '../support/leechers/qbittorrent.ts';
import { rtorrent } from '../support/leechers/rtorrent.ts';
import { transmission } from '../support/leechers/transmission.ts';
import { webtorrent } from '../support/leechers/webtorrent.ts';
import { Millrace } from '../support/millrace.ts';
import { fileTree, payloadFiles, writePayload } from '../support/payload.ts';
import { KIB, MIB, makeTorrent, saveTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const EVERYBODY: readonly LeecherDriver[] = [libtorrent, aria2, webtorrent, transmission, qbittorrent, rtorrent];

function missing(drivers: readonly LeecherDriver[]): string | undefined {
  return drivers.map((driver) => driver.missing()).find((reason) => reason !== undefined);
}

test('clients of six makes download from one seed at once', async (t) => {
  const reason = missing(EVERYBODY);
  if (reason !== undefined && skipAloud(t, reason)) return;
  const workspace = await Workspace.open(t);
  const torrent = makeTorrent(fileTree('six', { 'a.bin': 9 * MIB + 1, 'b.bin': 7 * MIB }, 71), 256 * KIB);
  const source = await workspace.folder('source');
  await writePayload(torrent.payload, source);
  const file = await saveTorrent(torrent, workspace.path);
  const leechers: { readonly leecher: Leecher; readonly folder: string }[] = [];
  const start = async (driver: LeecherDriver, dial: readonly number[]): Promise<Leecher> => {
    const folder = await workspace.folder(driver.name);
    const leecher = await driver.start(workspace, torrent, folder, dial.length > 0 ? { dial } : {});
    leechers.push({ leecher, folder });
    return leecher;
  };
  // Some have to be dialled.
  const waiting = await Promise.all(EVERYBODY.filter((one) => !one.dialsLoopback).map((driver) => start(driver, [])));
  const seed = await Millrace.seed(workspace, file, source, { peers: waiting.map(({ port }) => port) });
  await Promise.all(EVERYBODY.filter((one) => one.dialsLoopback).map((driver) => start(driver, [seed.port])));
  await Promise.all(leechers.map(({ leecher }) => leecher.completed()));
  assert.equal(leechers.length, EVERYBODY.length);
  for (const { folder } of leechers) await assertDownloaded(torrent.payload, folder);
});

test('in a swarm where each has one file of four and nobody has all, everybody finishes', async (t) => {
  const reason = missing([libtorrent, aria2, webtorrent]);
  if (reason !== undefined && skipAloud(t, reason)) return;
  const workspace = await Workspace.open(t);
  const files = { 'ours.bin': 4 * MIB, 'theirs.bin': 4 * MIB, 'others.bin': 4 * MIB, 'last.bin': 3 * MIB + 7 };
  const torrent = makeTorrent(fileTree('mixed', files, 72), 256 * KIB);
  const file = await saveTorrent(torrent, workspace.path);
  const relative = [...payloadFiles(torrent.payload)].map((one) => one.relative);
  /** A folder with these files of the torrent and no others. */
  const holding = async (name: string, ...kept: readonly number[]): Promise<string> => {
    const folder = await workspace.folder(name);
    if (kept.length === 0) return folder;
    await writePayload(torrent.payload, folder);
    for (const [at, one] of relative.entries()) if (!kept.includes(at)) await rm(path.join(folder, one));
    return folder;
  };
  const folders = [
    await holding('first', 0),
    await holding('second'),
    await holding('libtorrent', 1),
    await holding('aria2', 2),
    await holding('webtorrent', 3),
  ] as const;
  const get = (folder: string, peers: readonly number[]) =>
    Millrace.get(workspace, file, folder, { peers, args: ['--seed'] }).listening();
  const first = await get(folders[0], []);
  const second = await get(folders[1], [first.port]);
  const dial = [first.port, second.port];
  const others = await Promise.all([
    libtorrent.start(workspace, torrent, folders[2], { dial }),
    aria2.start(workspace, torrent, folders[3], { dial }),
    webtorrent.start(workspace, torrent, folders[4], { dial }),
  ]);
  await Promise.all([
    ...[first, second].map(({ run }) => run.until((event) => event.state === 'seeding', 'Millrace to have all')),
    ...others.map((other) => other.completed()),
  ]);
  for (const folder of folders) await assertDownloaded(torrent.payload, folder);
});
