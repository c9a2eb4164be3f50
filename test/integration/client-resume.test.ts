// What a client believes of the files it finds, and what it leaves behind: resume data, damage, removal.
import assert from 'node:assert/strict';
import { copyFile, mkdir, open, readdir, rm, stat, truncate, utimes } from 'node:fs/promises';
import test from 'node:test';
import type { TorrentState } from '#src/client/index.ts';
import { ClientBench, until, within } from '../support/client-bench.ts';

const PIECE_BYTES = 32 * 1024;

/** Overwrites some bytes; the size stays, the time of the last change does not. */
async function damage(file: string, position: number): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.write(Buffer.from('damaged'), 0, 7, position);
  await handle.close();
  const soon = new Date(Date.now() + 5000);
  await utimes(file, soon, soon);
}

async function resumeFiles(bench: ClientBench): Promise<string[]> {
  return await readdir(bench.path('data', 'resume')).catch(() => []);
}

test('a second client over the same folder downloads nothing again, and needs no peer', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 500_000, b: 0, c: 90_000 });
  const seed = await bench.seed(metainfo);
  const first = bench.client();
  const options = { directory: bench.path('get'), peers: [seed.address] };
  await within((await first.add(metainfo, options)).completed(), 'the first download');
  await first.close();
  const second = bench.client();
  const torrent = await second.add(metainfo, { directory: bench.path('get') });
  const states: TorrentState[] = [];
  torrent.on('state', (state) => states.push(state));
  await within(torrent.completed(), 'everything is there');
  assert.deepEqual(states, ['seeding'], 'nothing had to be checked');
  assert.equal(second.dataPath().placedBytes + second.dataPath().copiedBytes, 0);
});

test('a client that was closed half way goes on where it was', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 120 * PIECE_BYTES });
  const seed = await bench.seed(metainfo);
  const options = { directory: bench.path('get'), peers: [seed.address] };
  const first = bench.client({ downloadBytesPerSecond: 600_000 });
  const half = await first.add(metainfo, options);
  let pieces = 0;
  await within(
    new Promise<void>((resolve) => {
      half.on('piece', () => ++pieces === 10 && resolve());
    }),
    'ten pieces',
  );
  await within(first.close(), 'the client closes');
  const second = bench.client();
  const torrent = await second.add(metainfo, options);
  await within(torrent.completed(), 'the rest');
  const { placedBytes, copiedBytes } = second.dataPath();
  assert.ok(placedBytes + copiedBytes <= metainfo.totalBytes - pieces * PIECE_BYTES, 'what was there is not fetched');
  assert.deepEqual(await bench.contents('get'), await bench.contents('seed'));
});

test('a damaged file is rechecked, and only its bad pieces are fetched again', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 20 * PIECE_BYTES, b: 10 * PIECE_BYTES });
  const seed = await bench.seed(metainfo);
  const options = { directory: bench.path('get'), peers: [seed.address] };
  const first = bench.client();
  await within((await first.add(metainfo, options)).completed(), 'the first download');
  await first.close();
  await damage(bench.path('get', 'set', 'a'), 5 * PIECE_BYTES + 9);
  await damage(bench.path('get', 'set', 'a'), 17 * PIECE_BYTES);
  const second = bench.client();
  const torrent = await second.add(metainfo, options);
  const states: TorrentState[] = [];
  const pieces: number[] = [];
  torrent.on('state', (state) => states.push(state)).on('piece', (piece) => pieces.push(piece));
  await within(torrent.completed(), 'repaired');
  assert.deepEqual(states, ['checking', 'downloading', 'seeding']);
  assert.deepEqual(
    pieces.sort((a, b) => a - b),
    [5, 17],
  );
  assert.deepEqual(await bench.contents('get'), await bench.contents('seed'));
});

test('a file that was cut off is filled again', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 20 * PIECE_BYTES });
  const seed = await bench.seed(metainfo);
  const options = { directory: bench.path('get'), peers: [seed.address] };
  const first = bench.client();
  await within((await first.add(metainfo, options)).completed(), 'the first download');
  await first.close();
  await truncate(bench.path('get', 'set', 'a'), 11 * PIECE_BYTES + 1);
  const second = bench.client();
  await within((await second.add(metainfo, options)).completed(), 'repaired');
  assert.deepEqual(await bench.contents('get'), await bench.contents('seed'));
  assert.ok(second.dataPath().placedBytes + second.dataPath().copiedBytes <= 9 * PIECE_BYTES);
});

test('files that were copied there are found without resume data', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 300_000 });
  await mkdir(bench.path('get', 'set'), { recursive: true });
  await copyFile(bench.path('seed', 'set', 'a'), bench.path('get', 'set', 'a'));
  const torrent = await bench.client().add(metainfo, { directory: bench.path('get') });
  await within(torrent.completed(), 'found');
});

test('remove forgets the resume data and leaves the files, or deletes them when told to', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 100_000, 'deep/b': 5, 'deep/empty': 0 });
  const seed = await bench.seed(metainfo);
  const options = { directory: bench.path('get'), peers: [seed.address] };
  const client = bench.client();
  const kept = await client.add(metainfo, options);
  await within(kept.completed(), 'complete');
  // At once: what `done` set off to be saved must not come back after it was forgotten.
  await within(kept.remove(), 'removed');
  assert.equal(kept.state, 'removed');
  assert.deepEqual(client.torrents, []);
  assert.deepEqual(await resumeFiles(bench), []);
  assert.deepEqual(await bench.contents('get'), await bench.contents('seed'));

  const deleted = await client.add(metainfo, options);
  await within(deleted.completed(), 'there already');
  await within(deleted.remove({ deleteFiles: true }), 'removed');
  assert.deepEqual([...(await bench.contents('get')).keys()], []);
  await assert.rejects(stat(bench.path('get', 'set', 'deep')), { code: 'ENOENT' });
  assert.deepEqual(await resumeFiles(bench), []);
});

test('a torrent can be removed in the middle of its download, and added again', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 2_000_000 });
  const seed = await bench.seed(metainfo);
  const options = { directory: bench.path('get'), peers: [seed.address] };
  const client = bench.client({ downloadBytesPerSecond: 400_000 });
  const torrent = await client.add(metainfo, options);
  const completed = assert.rejects(torrent.completed(), { code: 'ERR_TORRENT_REMOVED' });
  await within(new Promise((resolve) => torrent.once('piece', resolve)), 'a first piece');
  await within(torrent.remove({ deleteFiles: true }), 'removed');
  await within(completed, 'who waits is told');
  await assert.rejects(within(torrent.completed(), 'told at once'), { code: 'ERR_TORRENT_REMOVED' });
  client.limit({ downloadBytesPerSecond: 0 });
  await within((await client.add(metainfo, options)).completed(), 'again');
  assert.deepEqual(await bench.contents('get'), await bench.contents('seed'));
});

test('a torrent can be removed, and its client closed, while it is being checked', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 8_000_000 });
  const client = bench.client();
  for (const end of ['remove', 'close'] as const) {
    const torrent = await client.add(metainfo, { directory: bench.path('seed'), existing: 'check' });
    await until(() => torrent.state !== 'opening', 'it is being checked');
    await within(end === 'remove' ? torrent.remove() : client.close(), end);
    assert.equal(torrent.state, 'removed');
    assert.equal(torrent.error, undefined);
  }
});

test('a recheck of a running torrent finds the damage, and only that is fetched again', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 20 * PIECE_BYTES, b: 10 * PIECE_BYTES });
  const seed = await bench.seed(metainfo);
  const client = bench.client();
  const torrent = await client.add(metainfo, { directory: bench.path('get'), peers: [seed.address] });
  await within(torrent.completed(), 'the download');
  await damage(bench.path('get', 'set', 'a'), 5 * PIECE_BYTES + 9);
  const states: TorrentState[] = [];
  const pieces: number[] = [];
  torrent.on('state', (state) => states.push(state)).on('piece', (piece) => pieces.push(piece));
  await within(torrent.recheck(), 'the check');
  await within(torrent.completed(), 'repaired');
  assert.deepEqual(states, ['checking', 'downloading', 'seeding']);
  assert.deepEqual(pieces, [5]);
  assert.deepEqual(await bench.contents('get'), await bench.contents('seed'));
});

test('a file that somebody removed meanwhile makes an error of `done`; resume() hashes all and fetches it again', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('changed', { 'a.bin': 300_000, 'b.bin': 300_000 });
  const seed = await bench.seed(metainfo);
  const client = bench.client();
  const torrent = await client.add(metainfo, { directory: bench.path('got'), peers: [seed.address], select: [0] });
  await within(torrent.completed(), 'the first file');

  await rm(bench.path('got', 'changed', 'a.bin'));
  torrent.select([0, 1]);
  torrent.addPeer(seed.address);
  await assert.rejects(within(torrent.completed(), 'the second file'), { code: 'ERR_STORAGE_CHANGED' });
  assert.equal(torrent.state, 'error');

  await within(torrent.resume(), 'the check');
  torrent.addPeer(seed.address);
  await within(torrent.completed(), 'both files');
  assert.deepEqual(await bench.contents('got'), await bench.contents('seed'));
});
