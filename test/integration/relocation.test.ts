// Files that go elsewhere while their torrent runs: other folders, other names, and what is found after a restart.
import assert from 'node:assert/strict';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import type { TorrentState } from '#src/client/index.ts';
import { NodeFileSystem } from '#src/host/disk/file-system.ts';
import { MoveJournal } from '#src/host/disk/move-journal.ts';
import { ClientBench, within } from '../support/client-bench.ts';

const PIECE_BYTES = 32 * 1024;
const FILES = { a: 50_000, 'deep/b': 30_000, c: 40 * PIECE_BYTES };

/** A download into `get` of which so many pieces are there. */
async function halfWay(t: TestContext, count: number) {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', FILES);
  const seed = await bench.seed(metainfo);
  const client = bench.client({ downloadBytesPerSecond: 1_000_000 });
  const torrent = await client.add(metainfo, { directory: bench.path('get'), peers: [seed.address] });
  let pieces = 0;
  const there = new Promise<void>((resolve) => {
    torrent.on('piece', () => ++pieces === count && resolve());
  });
  await within(there, `${count} pieces`);
  return { bench, metainfo, client, torrent };
}

test('a torrent moves in the middle of its download, goes on, and is found at its new place', async (t) => {
  const { bench, metainfo, client, torrent } = await halfWay(t, 10);
  await within(torrent.move(bench.path('new', 'place')), 'it moves');
  assert.equal(torrent.directory, bench.path('new', 'place'));
  assert.deepEqual(await readdir(bench.path('get')), []);
  await within(torrent.completed(), 'the rest');
  assert.deepEqual(await bench.contents('new/place'), await bench.contents('seed'));
  await client.close();
  const again = await bench.client().add(metainfo, { directory: bench.path('new', 'place') });
  const states: TorrentState[] = [];
  again.on('state', (state) => states.push(state));
  await within(again.completed(), 'found');
  assert.deepEqual(states, ['seeding'], 'resume data came along');
  assert.equal((await readdir(bench.path('data', 'resume'))).length, 1, 'and left nothing behind');
});

test('a move into a folder that has such a file is refused, and the torrent goes on where it was', async (t) => {
  const { bench, torrent } = await halfWay(t, 5);
  await mkdir(bench.path('taken', 'set'), { recursive: true });
  await writeFile(bench.path('taken', 'set', 'c'), 'precious');
  await assert.rejects(torrent.move(bench.path('taken')), { code: 'ERR_MOVE_EXISTS' });
  await torrent.move(bench.path('get', '.'));
  assert.equal(torrent.directory, bench.path('get'));
  await within(torrent.completed(), 'complete all the same');
  assert.deepEqual(await bench.contents('get'), await bench.contents('seed'));
  assert.equal(String((await bench.contents('taken')).get('set/c')), 'precious');
  await within(torrent.move(bench.path('taken'), { overwrite: true }), 'it replaces what is there');
  assert.deepEqual(await bench.contents('taken'), await bench.contents('seed'));
});

test('a file that is renamed in the middle is completed by its new name, which a restart knows', async (t) => {
  const { bench, metainfo, client, torrent } = await halfWay(t, 10);
  // Files 0 to 2: set/a, set/c, set/deep/b.
  await within(torrent.renameFile(1, 'other/ä/name.bin'), 'the one that comes in');
  await within(torrent.renameFile(2, 'set/b'), 'the last one');
  assert.deepEqual(
    torrent.files().map((file) => file.path),
    ['set/a', 'other/ä/name.bin', 'set/b'],
  );
  for (const [index, name, code] of [
    [0, '../out', 'ERR_RENAME_PATH'],
    [0, '/root', 'ERR_RENAME_PATH'],
    [0, '', 'ERR_RENAME_PATH'],
    [0, 'set/b', 'ERR_MOVE_EXISTS'],
    [0, 'set/b/below', 'ERR_MOVE_EXISTS'],
    [9, 'x', 'ERR_SELECT_FILE'],
  ] as const) {
    await assert.rejects(torrent.renameFile(index, name), { code }, name);
  }
  await within(torrent.completed(), 'the rest');
  await client.close();
  const [got, seeded] = [await bench.contents('get'), await bench.contents('seed')];
  assert.deepEqual([...got.keys()], ['other/ä/name.bin', 'set/a', 'set/b']);
  assert.deepEqual(got.get('other/ä/name.bin'), seeded.get('set/c'));
  assert.ok(!(await readdir(bench.path('get', 'set'))).includes('deep'), 'the folder that became empty is gone');
  const again = await bench.client().add(metainfo, { directory: bench.path('get') });
  const states: TorrentState[] = [];
  again.on('state', (state) => states.push(state));
  await within(again.completed(), 'found by their new names');
  assert.deepEqual(states, ['seeding']);
  await within(again.renameFile(2, 'set/deep/b'), 'and back');
  await within(again.renameFile(1, 'set/c'), 'and back');
  assert.deepEqual(await bench.contents('get'), seeded);
});

/** A complete torrent in `get` whose client is closed, and what a move of its files would write down. */
async function atRest(bench: ClientBench, target: string) {
  const metainfo = await bench.payload('set', FILES);
  const seed = await bench.seed(metainfo);
  const client = bench.client();
  const torrent = await client.add(metainfo, { directory: bench.path('get'), peers: [seed.address] });
  await within(torrent.completed(), 'the download');
  await client.close();
  await seed.client.close();
  const journal = new MoveJournal(new NodeFileSystem(), bench.path('data', 'moves', metainfo.infoHash));
  const passages = metainfo.files.map(({ path }) => ({
    from: bench.path('get', path),
    to: bench.path(target, path),
    source: true,
    obstacle: false,
  }));
  const begin = (): void => journal.begin({ from: bench.path('get'), to: bench.path(target), renamed: [], passages });
  const reopen = async (directory: string) => {
    const again = await bench.client().add(metainfo, { directory: bench.path(directory) });
    const seen = { states: [] as TorrentState[], warnings: [] as string[] };
    again.on('state', (state) => seen.states.push(state)).on('warning', ({ code }) => seen.warnings.push(code));
    await within(again.completed(), 'it is all there');
    return { again, ...seen };
  };
  return { metainfo, journal, passages, begin, reopen };
}

test('a move that was killed half way is undone when the torrent is added again, and nothing is hashed', async (t) => {
  const bench = await ClientBench.open(t);
  const { passages, begin, reopen } = await atRest(bench, 'far');
  begin();
  const [first] = passages;
  await mkdir(path.dirname(first!.to), { recursive: true });
  await rename(first!.from, first!.to);
  const { again, states } = await reopen('get');
  assert.deepEqual(states, ['seeding']);
  assert.equal(again.directory, bench.path('get'));
  assert.deepEqual(await bench.contents('get'), await bench.contents('seed'));
  assert.deepEqual(await bench.contents('far'), new Map());
  assert.deepEqual(await readdir(bench.path('data', 'moves')), []);
});

test('a move that was killed before it was saved is finished: the torrent is where its files are', async (t) => {
  const bench = await ClientBench.open(t);
  const { journal, passages, begin, reopen } = await atRest(bench, 'far');
  begin();
  for (const { from, to } of passages) {
    await mkdir(path.dirname(to), { recursive: true });
    await rename(from, to);
  }
  journal.commit();
  const { again, states, warnings } = await reopen('get');
  assert.equal(again.directory, bench.path('far'));
  assert.deepEqual(states, ['seeding']);
  assert.deepEqual(warnings, ['ERR_MOVE_RESUMED']);
  assert.deepEqual(await bench.contents('far'), await bench.contents('seed'));
  assert.deepEqual(await readdir(bench.path('get')), [], 'folders went, too');
  assert.deepEqual(await readdir(bench.path('data', 'moves')), []);
  assert.equal((await readdir(bench.path('data', 'resume'))).length, 1, 'one place, one file of resume data');
  await again.close();
  const later = await reopen('far');
  assert.deepEqual([later.states, later.warnings], [['seeding'], []]);
});

test('a move that comes to its end leaves no journal', async (t) => {
  const bench = await ClientBench.open(t);
  const { reopen } = await atRest(bench, 'far');
  const { again } = await reopen('get');
  await again.move(bench.path('far'));
  await again.renameFile(0, 'set/renamed');
  assert.deepEqual(await readdir(bench.path('data', 'moves')), []);
});
