// The public library as those see it who embed it: two clients on loopback, and what each of them promises.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { Client } from './client.ts';
import { createTorrent } from './create.ts';
import type { ClientOptions, PeerAddress, TorrentState } from './types.ts';

const LOOPBACK = { host: '127.0.0.1', port: 0 };
const TEXT = 'hello, swarm\n'.repeat(20_000);

let folder = '';
let torrentFile = new Uint8Array();
const clients: Client[] = [];

function client(options: ClientOptions = {}): Client {
  const made = new Client({ listen: LOOPBACK, lsd: false, memoryBytes: 4 * 1024 * 1024, diskWorkers: 1, ...options });
  clients.push(made);
  return made;
}

async function seeder(): Promise<PeerAddress> {
  const made = client();
  const torrent = await made.add(torrentFile, { directory: path.join(folder, 'shared'), existing: 'check' });
  await torrent.completed();
  return (await made.listen())!;
}

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-client-'));
  process.env['MILLRACE_DATA_DIR'] = path.join(folder, 'data');
  const shared = path.join(folder, 'shared');
  await mkdir(shared);
  await writeFile(path.join(shared, 'hello.txt'), TEXT);
  torrentFile = new Uint8Array((await createTorrent(path.join(shared, 'hello.txt'), { pieceBytes: 16_384 })).bytes);
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((made) => made.close()));
});
after(() => rm(folder, { recursive: true, force: true }));

test('a torrent goes through its states, and tells of its pieces before it is done', async () => {
  const directory = path.join(folder, 'states');
  const torrent = await client().add(torrentFile, { directory, peers: [await seeder()] });
  const states: TorrentState[] = [];
  const pieces = new Set<number>();
  let piecesWhenDone = 0;
  torrent.on('state', (state) => states.push(state)).on('piece', (piece) => pieces.add(piece));
  torrent.on('done', () => {
    piecesWhenDone = pieces.size;
  });
  await torrent.completed();
  assert.deepEqual(states, ['downloading', 'seeding']);
  assert.equal(piecesWhenDone, torrent.metainfo.pieceCount);
  assert.equal(await readFile(path.join(directory, 'hello.txt'), 'utf8'), TEXT);
});

test('files grow sparsely, or have their full size on disk before the first byte comes', async () => {
  for (const preallocate of [false, true]) {
    const directory = path.join(folder, `preallocate-${preallocate}`);
    const torrent = await client().add(torrentFile, { directory, preallocate });
    while (torrent.state !== 'downloading') await once(torrent, 'state');
    const made = await stat(path.join(directory, 'hello.txt')).catch(() => undefined);
    assert.equal(made?.size, preallocate ? TEXT.length : undefined);
    assert.equal(torrent.progress().bytesDone, 0, 'zeros are not data');
  }
});

test('who asks for completion is answered in every state', async () => {
  const directory = path.join(folder, 'answers');
  const downloader = client();
  const torrent = await downloader.add(torrentFile, { directory });
  await assert.rejects(torrent.completed(AbortSignal.abort(new Error('enough'))), /enough/);
  const removed = assert.rejects(torrent.completed(), { code: 'ERR_TORRENT_REMOVED' });
  await torrent.pause();
  assert.equal(torrent.state, 'paused');
  await torrent.close();
  await removed;
  await assert.rejects(torrent.completed(), { code: 'ERR_TORRENT_REMOVED' });
  assert.deepEqual(downloader.torrents, []);

  const again = await downloader.add(torrentFile, { directory, peers: [await seeder()] });
  await again.completed();
  await again.pause();
  await again.completed();
  await again.close();
  await again.completed();
});

test('a removed torrent leaves nothing when told so, and can be added again', async () => {
  const directory = path.join(folder, 'removed');
  const address = await seeder();
  process.env['MILLRACE_DATA_DIR'] = path.join(folder, 'data-of-removed');
  const downloader = client();
  const torrent = await downloader.add(torrentFile, { directory, peers: [address] });
  await torrent.completed();
  await torrent.remove({ deleteFiles: true });
  assert.equal(torrent.state, 'removed');
  assert.deepEqual(await readdir(directory), []);
  assert.deepEqual(await readdir(path.join(folder, 'data-of-removed', 'resume')), [], 'it is not forgotten');
  const again = await downloader.add(torrentFile, { directory, peers: [address] });
  await once(again, 'piece');
  await again.completed();
});

test('a client refuses what it has, what is no peer or file, and everything once it is closed', async () => {
  const own = client();
  const directory = path.join(folder, 'refused');
  const torrent = await own.add(torrentFile, { directory });
  await assert.rejects(own.add(torrentFile, { directory }), { code: 'ERR_CLIENT_DUPLICATE' });
  assert.throws(() => torrent.addPeer({ host: '127.0.0.1', port: 0 }), { code: 'ERR_CLIENT_ADDRESS' });
  assert.throws(() => torrent.select([1]), { code: 'ERR_SELECT_FILE' });
  assert.throws(() => own.limit({ uploadBytesPerSecond: -1 }), { code: 'ERR_CLIENT_OPTION' });
  await torrent.remove();
  const badPeers = [{ host: '127.0.0.1', port: Number.NaN }];
  await assert.rejects(own.add(torrentFile, { directory, peers: badPeers }), { code: 'ERR_CLIENT_ADDRESS' });
  assert.deepEqual(own.torrents, [], 'nothing was added');

  const given = new AbortController();
  const onDisk = path.join(folder, 'given.torrent');
  await writeFile(onDisk, torrentFile);
  const undone = own.add(onDisk, { directory, signal: given.signal });
  given.abort(new Error('changed my mind'));
  await assert.rejects(undone, /changed my mind/);
  assert.deepEqual(own.torrents, [], 'the file was being read');

  const late = own.add(torrentFile, { directory });
  await Promise.all([own.close(), assert.rejects(late, { code: 'ERR_CLIENT_CLOSED' })]);
  await assert.rejects(own.add(torrentFile, { directory }), { code: 'ERR_CLIENT_CLOSED' });

  const unborn = client();
  await unborn.close();
  await assert.rejects(unborn.listen(), { name: 'InputError', code: 'ERR_CLIENT_CLOSED' });
});

test('a port that is taken is told, and can be tried again once it is free', async () => {
  const first = client();
  const taken = (await first.listen())!;
  const second = client({ listen: taken });
  await assert.rejects(second.listen(), {
    name: 'InputError',
    code: 'ERR_CLIENT_LISTEN',
    message: /another program listens there/,
  });
  await first.close();
  assert.deepEqual(await second.listen(), taken);
  assert.deepEqual(await second.listen(), taken, 'listening twice is listening once');
});
