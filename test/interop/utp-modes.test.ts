// `--utp` says what it does: off neither dials nor answers nor opens a socket, on keeps TCP first, prefer puts uTP first.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { LossyRelay } from '#src/testing/utp/lossy-relay.ts';
import { assertDownloaded } from '../support/compare.ts';
import { download } from '../support/download.ts';
import { Millrace } from '../support/millrace.ts';
import { singleFile, writePayload } from '../support/payload.ts';
import { KIB, makeTorrent, saveTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const TIMEOUT = { timeout: 120_000 };
type Mode = 'on' | 'off' | 'prefer';

async function scene(t: TestContext, seedMode: Mode) {
  const workspace = await Workspace.open(t);
  const torrent = makeTorrent(singleFile('over either.bin', 600_001, 41), 64 * KIB);
  const folder = await workspace.folder('seeded');
  await writePayload(torrent.payload, folder);
  const file = await saveTorrent(torrent, workspace.path);
  const seed = await Millrace.seed(workspace, file, folder, { peers: [], args: ['--utp', seedMode] });
  // The same peer, but at a port where TCP is refused.
  const utpAlone = workspace.own(await LossyRelay.open(seed.port, { delayMs: 0, loss: 0 })).port;
  const get = async (mode: Mode, port: number) => {
    const got = await workspace.folder('got', `${mode} ${port}`);
    const done = await download(workspace, torrent, got, [port], ['--utp', mode]);
    await assertDownloaded(torrent.payload, got);
    return done.dataPath!;
  };
  const notReached = async (mode: Mode): Promise<void> => {
    const got = await workspace.folder('got', 'never');
    const run = Millrace.get(workspace, file, got, { peers: [utpAlone], args: ['--utp', mode] });
    await run.until((event) => event.stall?.code === 'no-peers', 'nobody is reached');
    await run.stop();
  };
  return { workspace, torrent, file, seed, utpAlone, get, notReached };
}

test('on: over TCP where that answers, over uTP where it does not', TIMEOUT, async (t) => {
  const { torrent, seed, utpAlone, get } = await scene(t, 'on');
  assert.ok((await get('on', seed.port)).placedBytes > 0.9 * torrent.totalBytes);
  assert.deepEqual(await over(get('on', utpAlone)), [0, torrent.totalBytes]);
});

test('prefer: over uTP', TIMEOUT, async (t) => {
  const { torrent, seed, get } = await scene(t, 'on');
  assert.deepEqual(await over(get('prefer', seed.port)), [0, torrent.totalBytes]);
});

test('off: not dialled over uTP', TIMEOUT, async (t) => {
  const { torrent, seed, get, notReached } = await scene(t, 'on');
  assert.ok((await get('off', seed.port)).placedBytes > 0.9 * torrent.totalBytes);
  await notReached('off');
});

test('off: not answered over uTP either, and without the DHT there is no UDP socket', TIMEOUT, async (t) => {
  const { torrent, seed, get, notReached } = await scene(t, 'off');
  await notReached('prefer');
  assert.ok((await get('prefer', seed.port)).placedBytes > 0.9 * torrent.totalBytes, 'prefer falls back to TCP');
  const socket = createSocket('udp4').bind(seed.port, '127.0.0.1');
  await once(socket, 'listening');
  await new Promise<void>((resolve) => socket.close(() => resolve()));
});

async function over(done: Promise<{ readonly placedBytes: number; readonly copiedBytes: number }>): Promise<number[]> {
  const { placedBytes, copiedBytes } = await done;
  return [placedBytes, copiedBytes];
}
