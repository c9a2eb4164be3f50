// Skipped files and their neighbours: what the user finds in the folder, whatever was chosen and whenever.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import test from 'node:test';
import type { TorrentState } from '#src/client/index.ts';
import { ClientBench, within } from '../support/client-bench.ts';

// Pieces of 32 KiB: 0 and 1 in a, 1 and 2 in b, 2 in c, 2 to 7 in d.
const FILES = { a: 50_000, b: 30_000, c: 5000, d: 150_000 };

async function names(bench: ClientBench, folder: string): Promise<string[]> {
  return [...(await bench.contents(folder)).keys()];
}

test('a skipped neighbour leaves no stray file, after a restart neither, and what is shared is given to others', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', FILES);
  const partFile = `.${metainfo.infoHash}.millrace.parts`;
  const seed = await bench.seed(metainfo);
  const options = { directory: bench.path('get'), select: [1], peers: [seed.address] };
  const first = bench.client();
  await within((await first.add(metainfo, options)).completed(), 'the chosen file');
  assert.deepEqual(await names(bench, 'get'), [partFile, 'set/b']);
  await first.close();

  const second = bench.client();
  const address = (await second.listen())!;
  const again = await second.add(metainfo, { directory: bench.path('get') });
  const states: TorrentState[] = [];
  again.on('state', (state) => states.push(state));
  await within(again.completed(), 'found again');
  assert.deepEqual(states, ['seeding'], 'the part-file is as it was: nothing had to be checked');
  await seed.client.close();
  const leech = bench.client();
  const other = await leech.add(metainfo, { directory: bench.path('other'), select: [1], peers: [address] });
  await within(other.completed(), 'from one who has a part-file');
  const expected = (await bench.contents('seed')).get('set/b');
  for (const folder of ['get', 'other']) assert.deepEqual((await bench.contents(folder)).get('set/b'), expected);
});

test('without resume data the part-file is hashed, and nothing is fetched again', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', FILES);
  const seed = await bench.seed(metainfo);
  const first = bench.client();
  const options = { directory: bench.path('get'), select: [1] };
  await within((await first.add(metainfo, { ...options, peers: [seed.address] })).completed(), 'the chosen file');
  await first.close();
  await rm(bench.path('data', 'resume'), { recursive: true });
  await within((await bench.client().add(metainfo, options)).completed(), 'found by hashing');
});

test('a file that becomes wanted while running is there, with its shared bytes, when that is done', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', FILES);
  const seed = await bench.seed(metainfo);
  const options = { directory: bench.path('get'), select: [1], peers: [seed.address] };
  const client = bench.client();
  const torrent = await client.add(metainfo, options);
  await within(torrent.completed(), 'the chosen file');
  const before = client.dataPath().placedBytes + client.dataPath().copiedBytes;
  torrent.setPriorities({ 2: 'normal' });
  await within(torrent.completed(), 'the file whose only piece was there already');
  assert.deepEqual((await names(bench, 'get')).slice(1), ['set/b', 'set/c']);
  assert.equal(client.dataPath().placedBytes + client.dataPath().copiedBytes, before, 'nothing was fetched for it');
  torrent.select([0, 1, 2, 3]);
  await within(torrent.completed(), 'everything');
  assert.deepEqual(await bench.contents('get'), await bench.contents('seed'), 'and the part-file is gone');
});

test('files chosen back and forth while pieces come: the last choice is there in the end, whole', async (t) => {
  const bench = await ClientBench.open(t);
  const files = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`f${index + 10}`, 3000 + index * 1777]));
  const metainfo = await bench.payload('set', files);
  const seed = await bench.seed(metainfo);
  const client = bench.client({ downloadBytesPerSecond: 2_000_000 });
  const options = { directory: bench.path('get'), select: [3, 4], peers: [seed.address] };
  const torrent = await client.add(metainfo, options);
  const ever = new Set([3, 4]);
  let turn = 0;
  torrent.on('piece', () => {
    if (turn++ > 15) return;
    const chosen = [turn, turn + 7, (turn * 11) % 40, (turn * 5) % 40];
    for (const file of chosen) ever.add(file);
    torrent.select(chosen);
  });
  await within(torrent.completed(), 'the last choice');
  const last = torrent.files().filter((file) => file.selected);
  const [got, expected] = [await bench.contents('get'), await bench.contents('seed')];
  for (const file of last) assert.deepEqual(got.get(file.path), expected.get(file.path), file.path);
  const everPaths = new Set([...ever].map((file) => metainfo.files[file]!.path));
  for (const name of got.keys()) assert.ok(name.endsWith('.parts') || everPaths.has(name), `${name} is stray`);
});
