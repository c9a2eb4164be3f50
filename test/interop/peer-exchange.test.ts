// Peers hear of each other (BEP 11): from libtorrent to us, and from us to libtorrent. A private torrent stays silent
// (BEP 27).
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RawConnection } from '#src/testing/peers/raw-peer.ts';
import { rawHandshake } from '#src/testing/wire/raw-messages.ts';
import { skipAloud } from '../support/available.ts';
import { assertDownloaded } from '../support/compare.ts';
import { DOWNLOAD_TIMEOUT_MS, Millrace } from '../support/millrace.ts';
import { fileTree, writePayload } from '../support/payload.ts';
import { LibtorrentSeeder, libtorrent } from '../support/seeders/libtorrent.ts';
import { KIB, MIB, makeTorrent, saveTorrent, type TestTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const LISTENING = ['--no-trackers', '--no-dht', '--no-lsd', '--no-nat', '--listen', '127.0.0.1:0'];

interface Scene {
  readonly workspace: Workspace;
  readonly torrent: TestTorrent;
  readonly file: string;
  readonly seeded: string;
}

async function sceneFor(t: TestContext): Promise<Scene | undefined> {
  const reason = libtorrent.missing();
  if (reason !== undefined && skipAloud(t, reason)) return undefined;
  const workspace = await Workspace.open(t);
  const torrent = makeTorrent(fileTree('known', { 'a.bin': 2 * MIB + 5 }, 91), 64 * KIB);
  const seeded = await workspace.folder('seeded');
  await writePayload(torrent.payload, seeded);
  return { workspace, torrent, file: await saveTorrent(torrent, workspace.path), seeded };
}

/** Asks again and again until the answer is right: libtorrent does not say when it has met somebody. */
async function untilMet(peers: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + DOWNLOAD_TIMEOUT_MS;
  while (!(await peers())) {
    assert.ok(Date.now() < deadlineMs, 'they meet in time');
    await sleep(100);
  }
}

describe('peer exchange', { concurrency: 2 }, () => {
  for (const source of ['a torrent file', 'a magnet link']) {
    test(`from ${source}: told of a peer that has nothing, we hear of the seed that it knows`, {
      timeout: 90_000,
    }, async (t) => {
      const scene = await sceneFor(t);
      if (scene === undefined) return;
      const { workspace, torrent, file, seeded } = scene;
      const seed = await LibtorrentSeeder.start(workspace, torrent, seeded);
      const idle = await LibtorrentSeeder.start(workspace, torrent, await workspace.folder('idle'), { idle: true });
      idle.connect(0, seed.port);
      await untilMet(async () => (await idle.peers())[0]!.includes(seed.port));
      const got = await workspace.folder('got');
      const link = `magnet:?xt=urn:btih:${torrent.infoHash.toString('hex')}&x.pe=127.0.0.1:${idle.port}`;
      const named = source === 'a magnet link' ? [link] : [file, '--peer', `127.0.0.1:${idle.port}`];
      await new Millrace(workspace, ['get', ...named, '-o', got, ...LISTENING]).done();
      await assertDownloaded(torrent.payload, got);
    });
  }

  test('two that know only us meet', { timeout: 90_000 }, async (t) => {
    const scene = await sceneFor(t);
    if (scene === undefined) return;
    const { workspace, torrent, file } = scene;
    // Nobody has anything: between blocks that trickle, libtorrent would hear us late.
    const got = await workspace.folder('got');
    const { port } = await new Millrace(workspace, ['get', file, '-o', got, ...LISTENING]).listening();
    const options = { idle: true, count: 2 };
    const idle = await LibtorrentSeeder.start(workspace, torrent, await workspace.folder('idle'), options);
    for (const client of [0, 1]) idle.connect(client, port);
    await untilMet(async () => {
      const [first, second] = await idle.peers();
      return first!.includes(idle.ports[1]!) || second!.includes(idle.ports[0]!);
    });
  });

  for (const isPrivate of [false, true]) {
    test(`a ${isPrivate ? 'private' : 'public'} torrent offers ${isPrivate ? 'no ' : ''}exchange on the wire`, {
      timeout: 20_000,
    }, async (t) => {
      const workspace = await Workspace.open(t);
      const torrent = makeTorrent(fileTree('told', { 'a.bin': 70_000 }, 92), 64 * KIB, { private: isPrivate });
      const file = await saveTorrent(torrent, workspace.path);
      const got = await workspace.folder('got');
      const { port, run } = await new Millrace(workspace, ['get', file, '-o', got, ...LISTENING]).listening();
      await run.until((event) => event.state === 'downloading', 'the download to begin');
      const connection = await RawConnection.dial({ host: '127.0.0.1', port });
      const handshake = rawHandshake(1);
      handshake.fill(0, 20, 28);
      handshake[25] = 0x10;
      handshake.set(torrent.infoHash, 28);
      connection.send(handshake);
      const reserved = (await connection.receive(68)).subarray(20, 28);
      assert.equal(reserved[7]! & 1, 0, 'no DHT');
      const [length] = await connection.receive(4).then((bytes) => [Buffer.from(bytes).readUInt32BE()]);
      const message = Buffer.from(await connection.receive(length!));
      assert.deepEqual([...message.subarray(0, 2)], [20, 0], 'it has no pieces: the extended handshake comes first');
      assert.equal(message.includes('6:ut_pex'), !isPrivate);
      assert.equal(message.includes('12:ut_holepunch'), !isPrivate);
      connection.socket.destroy();
    });
  }
});
