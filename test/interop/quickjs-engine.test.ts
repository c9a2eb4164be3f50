// The engine runs where there is no Node: its compiled layers, as they ship, inside QuickJS. What crosses to it is on one
// page, test/quickjs/guest/host-functions.ts.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { Client } from '#src/client/index.ts';
import { EngineInQuickJs } from '../quickjs/engine-in-quickjs.ts';
import { skipAloud } from '../support/available.ts';
import { assertDownloaded } from '../support/compare.ts';
import { fileTree, writePayload } from '../support/payload.ts';
import { libtorrent } from '../support/seeders/libtorrent.ts';
import { KIB, MIB, makeTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const TIMEOUT_MS = 60_000;
const LENGTHS = { 'first.bin': 5 * MIB + 1, 'a/second.bin': 11 * MIB + 12_345, 'a/b/third.bin': 3, 'empty.bin': 0 };

test('downloads from libtorrent, and gives to a client in Node what it got', { timeout: TIMEOUT_MS }, async (t) => {
  const missing = libtorrent.missing();
  if (missing !== undefined && skipAloud(t, missing)) return;
  const workspace = await Workspace.open(t);
  const torrent = makeTorrent(fileTree('from libtorrent', LENGTHS, 41), 256 * KIB);
  const source = await workspace.folder('source');
  await writePayload(torrent.payload, source);
  const seeder = await libtorrent.start(workspace, torrent, source);

  const target = await workspace.folder('quickjs');
  const engine = await EngineInQuickJs.start(target);
  t.after(() => engine.stop());
  const ticket = await engine.add(torrent.metainfo);
  const verified = new Set<number>();
  engine.on('verified', (_ticket, piece) => verified.add(piece));
  const complete = engine.complete(ticket);
  engine.suggest(ticket, { host: '127.0.0.1', port: seeder.port });
  await complete;
  assert.equal(verified.size, torrent.pieceCount);
  // Received bytes went to the places that an engine without memory of its own had named.
  const { placedBytes, copiedBytes } = engine.dataPath;
  assert.ok(placedBytes > 0.9 * torrent.totalBytes, `${placedBytes} bytes placed, ${copiedBytes} copied`);
  await seeder.stop();

  const second = await workspace.folder('node');
  await giveTo(t, engine, torrent.metainfo, second);
  await engine.close(ticket);
  await assertDownloaded(torrent.payload, target);
  await assertDownloaded(torrent.payload, second);
});

/** A client in Node downloads everything from the engine in QuickJS. */
async function giveTo(t: TestContext, engine: EngineInQuickJs, metainfo: Uint8Array, directory: string): Promise<void> {
  const client = new Client({ listen: { host: '127.0.0.1', port: 0 }, lsd: false });
  t.after(() => client.close());
  const torrent = await client.add(metainfo, { directory, peers: [await engine.listen()] });
  await torrent.completed();
  await client.close();
}
