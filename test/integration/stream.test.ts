// Files of a torrent as streams, while it downloads over real sockets to a real disk.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import test from 'node:test';
import { ClientBench, within } from '../support/client-bench.ts';

const FILES = { 'a.bin': 3_000_000, 'film.bin': 1_000_001, 'z.bin': 3_000_000, 'z/empty': 0 };
const FILM = 1;

/** A download of 7 MB at 2 MB/s: the film is over long before the rest is there. */
async function start(bench: ClientBench, options: { select?: number[]; rate?: number } = {}) {
  const metainfo = await bench.payload('set', FILES);
  const film = metainfo.files.findIndex(({ path }) => path === 'set/film.bin');
  assert.equal(film, FILM);
  const seed = await bench.seed(metainfo);
  const client = bench.client({ downloadBytesPerSecond: options.rate ?? 2_000_000 });
  const { select } = options;
  const torrent = await client.add(metainfo, {
    directory: bench.path('get'),
    peers: [seed.address],
    ...(select && { select }),
  });
  const bytes = await readFile(bench.path('seed', 'set', 'film.bin'));
  return { torrent, client, bytes };
}

test('a file is read from its first to its last byte while the rest is still coming in', async (t) => {
  const bench = await ClientBench.open(t);
  const { torrent, bytes } = await start(bench);
  const stream = torrent.stream(FILM);
  assert.deepEqual(await within(buffer(stream), 'the film'), bytes);
  const { piecesDone, piecesWanted } = torrent.progress();
  assert.ok(piecesDone < piecesWanted / 2, `${piecesDone} of ${piecesWanted} pieces came before the film was read`);
  assert.equal(torrent.listenerCount('piece'), 0, 'a stream that is read leaves nothing behind');
});

test('a part of a file, a file that is there already, and a file of no bytes', async (t) => {
  const bench = await ClientBench.open(t);
  const { torrent, bytes } = await start(bench, { rate: 0 });
  const part = { start: 100_000, end: 700_000 };
  assert.deepEqual(await within(buffer(torrent.stream(FILM, part)), 'a part'), bytes.subarray(100_000, 700_001));
  await within(torrent.completed(), 'the download');
  assert.deepEqual(await within(buffer(torrent.stream(FILM)), 'all of it'), bytes);
  const empty = torrent.files().findIndex(({ path }) => path === 'set/z/empty');
  assert.equal((await within(buffer(torrent.stream(empty)), 'nothing')).length, 0);
});

test('a stream that is destroyed waits for nothing any more, and another one starts elsewhere', async (t) => {
  const bench = await ClientBench.open(t);
  const { torrent, bytes } = await start(bench);
  const first = torrent.stream(FILM);
  await within(once(first, 'readable'), 'the first bytes');
  first.destroy();
  await within(once(first, 'close'), 'the end of the first stream');
  assert.equal(torrent.listenerCount('piece'), 0);
  const second = torrent.stream(FILM, { start: 900_000 });
  assert.deepEqual(await within(buffer(second), 'the end of the film'), bytes.subarray(900_000));
});

test('a stream that is destroyed takes nothing away from another one of the same file', async (t) => {
  const bench = await ClientBench.open(t);
  const { torrent, bytes } = await start(bench);
  const [first, second] = [torrent.stream(FILM), torrent.stream(FILM, { start: 300_000 })];
  const read = buffer(second);
  await within(once(first, 'readable'), 'the first bytes');
  first.destroy();
  assert.deepEqual(await within(read, 'the other stream'), bytes.subarray(300_000));
  const { piecesDone, piecesWanted } = torrent.progress();
  assert.ok(piecesDone < piecesWanted / 2, `${piecesDone} of ${piecesWanted} pieces came before the film was read`);
});

test('a torrent that is removed ends its streams, and files that are not selected have none', async (t) => {
  const bench = await ClientBench.open(t);
  const { torrent } = await start(bench, { select: [FILM], rate: 50_000 });
  const stream = torrent.stream(FILM);
  stream.resume();
  const failed = once(stream, 'error');
  await torrent.remove();
  const [error] = await within(failed, 'the error');
  assert.equal((error as { code?: string }).code, 'ERR_TORRENT_REMOVED');
  assert.throws(() => torrent.stream(0), { code: 'ERR_SELECT_FILE' });
  assert.throws(() => torrent.stream(FILM, { end: 2_000_000 }), { code: 'ERR_FILE_RANGE' });
});

test('a part that is prioritized comes before everything else', async (t) => {
  const bench = await ClientBench.open(t);
  const { torrent } = await start(bench);
  torrent.prioritize(FILM, { start: 500_000, end: 800_000 }, 0);
  const came = new Set<number>();
  torrent.on('piece', (piece) => came.add(piece));
  const offset = torrent.metainfo.files[FILM]!.offset;
  const [first, last] = [500_000, 800_000].map((byte) => Math.floor((offset + byte) / torrent.metainfo.pieceBytes));
  while (!came.has(last!) || !came.has(first!)) await within(once(torrent, 'piece'), 'a piece');
  assert.ok(came.size <= 2 * (last! - first! + 1), `${came.size} pieces came until those ${last! - first! + 1} did`);
});
