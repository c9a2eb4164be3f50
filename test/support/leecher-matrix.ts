// The cases that every foreign client must download, byte for byte, from `millrace seed`.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, type TestContext, test } from 'node:test';
import { HttpTracker } from '#src/testing/tracker/http-tracker.ts';
import { skipAloud } from './available.ts';
import { CASES } from './cases.ts';
import { assertDownloaded } from './compare.ts';
import type { Leecher, LeecherDriver } from './leechers/leecher.ts';
import { Millrace, type Sharer } from './millrace.ts';
import { fileTree, payloadFiles, singleFile, writePayload } from './payload.ts';
import { KIB, MIB, makeTorrent, saveTorrent, type TestTorrent } from './torrent-maker.ts';
import { Workspace } from './workspace.ts';

/** A torrent whose files are seeded, and the folder that a foreign client is to fill. */
interface Scene {
  readonly workspace: Workspace;
  readonly torrent: TestTorrent;
  readonly file: string;
  readonly source: string;
  readonly target: string;
}

async function sceneOf(t: TestContext, torrent: TestTorrent): Promise<Scene> {
  const workspace = await Workspace.open(t);
  const source = await workspace.folder('source');
  await writePayload(torrent.payload, source);
  const file = await saveTorrent(torrent, workspace.path);
  return { workspace, torrent, file, source, target: await workspace.folder('target') };
}

interface Meeting {
  readonly seed: Sharer;
  readonly leecher: Leecher;
}

/** Starts a seed and the leecher and connects them: by the leecher when it can, by the seed when it must. */
async function meet(driver: LeecherDriver, scene: Scene, args: readonly string[] = []): Promise<Meeting> {
  const { workspace, torrent, file, source, target } = scene;
  if (driver.dialsLoopback) {
    const seed = await Millrace.seed(workspace, file, source, { peers: [], args });
    return { seed, leecher: await driver.start(workspace, torrent, target, { dial: [seed.port] }) };
  }
  const leecher = await driver.start(workspace, torrent, target);
  return { leecher, seed: await Millrace.seed(workspace, file, source, { peers: [leecher.port], args }) };
}

/** Slow enough to vanish in the middle. */
const SLOWED = ['--up', `${4 * MIB}`];
const SOME_BYTES = 3 * MIB;

async function vanishes(driver: LeecherDriver, scene: Scene): Promise<void> {
  const { workspace, torrent, target } = scene;
  const { seed, leecher } = await meet(driver, scene, SLOWED);
  await seed.run.until((event) => (event.uploadedBytes ?? 0) >= SOME_BYTES, 'the first bytes on their way');
  await leecher.kill();
  const dial = driver.dialsLoopback ? { dial: [seed.port] } : {};
  const returned = await driver.start(workspace, torrent, target, { port: leecher.port, ...dial });
  await returned.completed();
  await assertDownloaded(torrent.payload, target);
}

/** Each side has one file of two and lacks the other: blocks go both ways over one connection. */
async function halves(driver: LeecherDriver, scene: Scene): Promise<void> {
  const { workspace, torrent, file, source, target } = scene;
  await writePayload(torrent.payload, target);
  const [ours, theirs] = [...payloadFiles(torrent.payload)].map(({ relative }) => relative);
  await rm(path.join(source, theirs!));
  await rm(path.join(target, ours!));
  const leecher = driver.dialsLoopback ? undefined : await driver.start(workspace, torrent, target);
  const peers = leecher === undefined ? [] : [leecher.port];
  const { run, port } = await Millrace.get(workspace, file, source, { peers, args: ['--seed'] }).listening();
  const other = leecher ?? (await driver.start(workspace, torrent, target, { dial: [port] }));
  await Promise.all([
    other.completed(),
    run.until((event) => event.state === 'seeding', 'Millrace to have the other half'),
  ]);
  await assertDownloaded(torrent.payload, target);
  await assertDownloaded(torrent.payload, source);
  // Who is told that it broke the protocol is not met again: neither side knows where else to dial.
  assert.ok(!run.events.some(({ code }) => code === 'ERR_PEER_BITFIELD'));
}

async function goesOver(driver: LeecherDriver, scene: Scene, args?: readonly string[]): Promise<void> {
  const { seed, leecher } = await meet(driver, scene, args);
  await leecher.completed();
  const leniency = { emptyMayMiss: driver.skipsEmptyFiles ?? false };
  await assertDownloaded(scene.torrent.payload, scene.target, leniency);
  seed.run.interrupt();
  const { last } = await seed.run.outcome();
  assert.ok(last!.uploadedBytes! >= withoutPads(scene.torrent), `${last!.uploadedBytes} bytes went out`);
}

/** A client that knows pad files need not ask for them. */
function withoutPads(torrent: TestTorrent): number {
  return torrent.payload.files.reduce((sum, { pad, length }) => sum + (pad ? 0 : length), 0);
}

/** A private torrent needs a tracker, or some clients refuse it (BEP 27). */
async function privately(driver: LeecherDriver, t: TestContext): Promise<void> {
  const tracker = new HttpTracker();
  await tracker.listen();
  t.after(() => tracker.close());
  const options = { private: true, announce: tracker.announceUrl };
  await goesOver(driver, await sceneOf(t, makeTorrent(singleFile('members.bin', MIB, 9), 64 * KIB, options)));
}

/** Declares the tests. `sideBySide` is how many run at once: for leechers that mostly wait. */
export function leecherMatrix(driver: LeecherDriver, sideBySide: number): void {
  describe(`${driver.name} downloads from us`, { concurrency: sideBySide }, () => {
    let missing: string | undefined;
    before(() => {
      missing = driver.missing();
    });
    const shows = (title: string, run: (t: TestContext) => Promise<void>): void => {
      test(title, async (t) => {
        if (missing !== undefined && skipAloud(t, missing)) return;
        await run(t);
      });
    };
    shows('it vanishes in the middle and comes back at the same address', async (t) => {
      const torrent = makeTorrent(singleFile('vanishing.bin', 10 * MIB + 99, 10), 256 * KIB);
      await vanishes(driver, await sceneOf(t, torrent));
    });
    for (const { title, pieceBytes, payload, args } of CASES) {
      shows(title, async (t) => goesOver(driver, await sceneOf(t, makeTorrent(payload(), pieceBytes)), args));
    }
    shows('a private torrent', (t) => privately(driver, t));
    shows('each side has a half: both complete over one connection', async (t) => {
      const payload = fileTree('halves', { 'ours.bin': 6 * MIB, 'theirs.bin': 5 * MIB + 3 }, 11);
      await halves(driver, await sceneOf(t, makeTorrent(payload, 256 * KIB)));
    });
  });
}
