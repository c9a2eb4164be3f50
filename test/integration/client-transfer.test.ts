// The public library over real sockets and a real disk: whole transfers from one client to another.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import type { TorrentState } from '#src/client/index.ts';
import { encodeBencode } from '#src/protocol/bencode/bencode-encoder.ts';
import { ClientBench, until, within } from '../support/client-bench.ts';
import { repository } from '../support/repository.ts';

const FILES = { 'a.bin': 300_000, 'deep/er/b.bin': 1_000_001, 'deep/empty': 0, 'c.bin': 7 };

for (const existing of ['trust', 'check'] as const) {
  test(`what one client has, another gets, byte for byte (${existing})`, async (t) => {
    const bench = await ClientBench.open(t);
    const metainfo = await bench.payload('set', FILES);
    const seed = await bench.seed(metainfo, { existing });
    const client = bench.client();
    const torrent = await client.add(metainfo, { directory: bench.path('get'), peers: [seed.address] });
    const states: TorrentState[] = [torrent.state];
    const pieces: number[] = [];
    let done = 0;
    torrent.on('state', (state) => states.push(state));
    torrent.on('piece', (piece) => {
      assert.equal(done, 0, 'done comes after the last piece');
      pieces.push(piece);
      const { piecesDone, bytesDone, bytesWanted, piecesWanted } = torrent.progress();
      assert.equal(piecesDone, pieces.length);
      assert.ok(bytesDone <= bytesWanted && piecesDone <= piecesWanted);
    });
    torrent.on('done', () => done++);
    await within(torrent.completed(), 'the download completes');

    assert.deepEqual(await bench.contents('get'), await bench.contents('seed'));
    assert.deepEqual(states, ['opening', 'downloading', 'seeding']);
    assert.equal(done, 1);
    assert.equal(new Set(pieces).size, metainfo.pieceHashes.length / 20);
    const progress = torrent.progress();
    assert.equal(progress.bytesDone, metainfo.totalBytes);
    assert.equal(progress.bytesWanted, metainfo.totalBytes);
    assert.equal(progress.stall, undefined);
    const { placedBytes, copiedBytes, wastedBytes, readBackBytes } = client.dataPath();
    assert.equal(placedBytes + copiedBytes - wastedBytes, metainfo.totalBytes);
    assert.equal(readBackBytes, 0);
    assert.ok(torrent.files().every((file) => file.bytesDone === file.length && file.selected));
    await within(client.close(), 'the client closes');
    await within(client.close(), 'closing twice is no harm');
    assert.equal(torrent.state, 'removed');
    await assert.rejects(client.listen(), { code: 'ERR_CLIENT_CLOSED' });
    await assert.rejects(client.add(metainfo), { code: 'ERR_CLIENT_CLOSED' });
  });
}

test('two clients that have a half each and name each other both complete', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('halves', { 'a.bin': 640_000, 'b.bin': 640_000 });
  const seed = await bench.seed(metainfo);
  const halves = [0, 1].map((index) => ({ index, client: bench.client() }));
  for (const { index, client } of halves) {
    const options = { directory: bench.path(`half${index}`), select: [index], peers: [seed.address] };
    await within((await client.add(metainfo, options)).completed(), `half ${index}`);
  }
  await seed.client.close();
  const addresses = await Promise.all(halves.map(({ client }) => client.listen()));
  await Promise.all(
    halves.map(async ({ index, client }) => {
      const torrent = client.torrents[0]!;
      torrent.select([0, 1]);
      torrent.addPeer(addresses[1 - index]!);
      await within(torrent.completed(), `client ${index} gets the other half`);
    }),
  );
  const expected = await bench.contents('seed');
  assert.deepEqual(await bench.contents('half0'), expected);
  assert.deepEqual(await bench.contents('half1'), expected);
});

test('only the selected files appear; what a shared piece brings of others is said nowhere to be complete', async (t) => {
  const bench = await ClientBench.open(t);
  // Pieces of 32 KiB: `a` shares its last piece with `b`; `c` has pieces of its own behind `b`.
  const metainfo = await bench.payload('set', { a: 50_000, b: 100_000, c: 10_000, d: 65_536 });
  const seed = await bench.seed(metainfo);
  const torrent = await bench.client().add(metainfo, {
    directory: bench.path('get'),
    peers: [seed.address],
    select: [0],
  });
  await within(torrent.completed(), 'the selected file comes');
  const seeded = await bench.contents('seed');
  const got = await bench.contents('get');
  assert.deepEqual(got.get('set/a'), seeded.get('set/a'));
  // The second piece belongs to `a` and `b`: what is of `b` is in the part-file.
  assert.deepEqual([...got.keys()], [`.${metainfo.infoHash}.millrace.parts`, 'set/a']);
  const [a, b, c] = torrent.files();
  assert.deepEqual([a!.bytesDone, b!.bytesDone, c!.bytesDone], [50_000, 15_536, 0]);
  assert.equal(torrent.progress().bytesWanted, 65_536);
  torrent.select([0, 1, 2, 3]);
  await within(torrent.completed(), 'the rest comes when it is selected');
  assert.deepEqual(await bench.contents('get'), seeded);
});

test('in order: pieces come by ascending number', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 1_000_000 });
  const seed = await bench.seed(metainfo);
  const pieces: number[] = [];
  const torrent = await bench.client({ diskWorkers: 1 }).add(metainfo, {
    directory: bench.path('get'),
    peers: [seed.address],
    sequential: true,
  });
  torrent.on('piece', (piece) => pieces.push(piece));
  await within(torrent.completed(), 'complete');
  assert.deepEqual(
    pieces,
    [...pieces].sort((a, b) => a - b),
  );
});

test('a pause disconnects and stands still; resume goes on to the end', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 2_000_000 });
  const seed = await bench.seed(metainfo);
  const client = bench.client({ downloadBytesPerSecond: 400_000 });
  const torrent = await client.add(metainfo, { directory: bench.path('get'), peers: [seed.address] });
  await within(new Promise((resolve) => torrent.once('piece', resolve)), 'a first piece');
  await within(torrent.pause(), 'the pause');
  assert.equal(torrent.state, 'paused');
  await until(() => torrent.peers().length === 0, 'nobody is connected');
  const { bytesDone } = torrent.progress();
  assert.ok(bytesDone > 0 && bytesDone < metainfo.totalBytes);
  client.limit({ downloadBytesPerSecond: 0 });
  await torrent.resume();
  await within(torrent.completed(), 'the rest');
  assert.deepEqual(await bench.contents('get'), await bench.contents('seed'));
  let doneAgain = false;
  torrent.on('done', () => {
    doneAgain = true;
  });
  await torrent.pause();
  await within(torrent.completed(), 'complete is complete, paused or not');
  await torrent.resume();
  assert.equal(torrent.state, 'seeding');
  assert.ok(!doneAgain, 'done is told once');
});

test('who is paused the moment that all is there is done all the same', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 300_000 });
  const seed = await bench.seed(metainfo);
  const torrent = await bench.client().add(metainfo, { directory: bench.path('get'), peers: [seed.address] });
  torrent.on('state', (state) => {
    if (state === 'seeding') void torrent.pause();
  });
  const done = new Promise<void>((resolve) => torrent.once('done', resolve));
  await within(torrent.completed(), 'the download');
  await within(done, 'done is told');
  assert.equal(torrent.state, 'paused');
});

test('a pause at once, before anything was opened, is a pause', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 100_000 });
  const seed = await bench.seed(metainfo);
  const torrent = await bench.client().add(metainfo, { directory: bench.path('get'), peers: [seed.address] });
  await within(torrent.pause(), 'the pause');
  assert.equal(torrent.state, 'paused');
  assert.equal(torrent.progress().bytesDone, 0);
  await torrent.resume();
  await within(torrent.completed(), 'the download');
});

test('a download limit is kept and used', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 1_500_000 });
  const seed = await bench.seed(metainfo);
  const startMs = performance.now();
  const client = bench.client({ downloadBytesPerSecond: 750_000 });
  const torrent = await client.add(metainfo, { directory: bench.path('get'), peers: [seed.address] });
  await within(torrent.completed(), 'complete');
  const seconds = (performance.now() - startMs) / 1000;
  assert.ok(seconds > 1.6 && seconds < 4, `2 s worth of bytes took ${seconds.toFixed(2)} s`);
});

test('two torrents at once', async (t) => {
  const bench = await ClientBench.open(t);
  const first = await bench.payload('one', { a: 700_000 });
  const second = await bench.payload('second', { b: 500_000, c: 1 });
  const seed = await bench.seed(first);
  await within(
    (await seed.client.add(second, { directory: bench.path('seed'), existing: 'trust' })).completed(),
    'seed',
  );
  const client = bench.client();
  const options = { directory: bench.path('get'), peers: [seed.address] };
  const torrents = await Promise.all([client.add(first, options), client.add(second, options)]);
  await within(Promise.all(torrents.map((torrent) => torrent.completed())), 'both');
  assert.deepEqual(await bench.contents('get'), await bench.contents('seed'));
  assert.equal(client.torrents.length, 2);
});

test('a peer that vanishes and returns on the same port is found again', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 2_000_000 });
  const first = await bench.seed(metainfo);
  const client = bench.client({ downloadBytesPerSecond: 500_000 });
  const torrent = await client.add(metainfo, { directory: bench.path('get'), peers: [first.address] });
  await within(new Promise((resolve) => torrent.once('piece', resolve)), 'a first piece');
  await first.client.close();
  await until(() => torrent.peers().length === 0, 'the seed is gone');
  client.limit({ downloadBytesPerSecond: 0 });
  await bench.seed(metainfo, {}, { listen: { host: '127.0.0.1', port: first.address.port } });
  await within(torrent.completed(), 'complete');
  assert.deepEqual(await bench.contents('get'), await bench.contents('seed'));
});

test('a torrent of empty files only is refused with a reason, like elsewhere', async (t) => {
  const bench = await ClientBench.open(t);
  const files = [
    { path: ['a'], length: 0 },
    { path: ['b', 'c'], length: 0 },
  ];
  const info = { name: 'empty', files, 'piece length': 32 * 1024, pieces: new Uint8Array(0) };
  const client = bench.client();
  await assert.rejects(client.add(encodeBencode({ info }), { directory: bench.path('get') }), {
    code: 'ERR_METAINFO_EMPTY',
  });
  assert.deepEqual([...(await bench.contents('get')).keys()], []);
});

test('a program ends by itself once it has closed its client', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 400_000 });
  const seed = await bench.seed(metainfo);
  const library = pathToFileURL(path.join(repository, 'dist', 'client', 'index.js')).href;
  await writeFile(bench.path('set.torrent'), await torrentFile(bench.path('seed', 'set')));
  await writeFile(
    bench.path('program.mjs'),
    `import { Client } from ${JSON.stringify(library)};
     const client = new Client({ listen: { host: '127.0.0.1', port: 0 } });
     const torrent = await client.add('set.torrent', { directory: 'child', peers: [${JSON.stringify(seed.address)}] });
     await torrent.completed();
     await client.close();
     console.log('closed');`,
  );
  const child = spawn(process.execPath, ['program.mjs'], { cwd: bench.root, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const code = await within(new Promise((resolve) => child.once('exit', resolve)), 'the program ends');
  assert.equal(code, 0);
  assert.equal(output, 'closed\n');
  assert.deepEqual((await bench.contents('child')).get('set/a'), (await bench.contents('seed')).get('set/a'));
});

async function torrentFile(source: string): Promise<Uint8Array> {
  const { createTorrent } = await import('#src/client/index.ts');
  return (await createTorrent(source, { pieceBytes: 32 * 1024 })).bytes;
}

test('without a host we are reached over IPv4 and IPv6 on one port', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('both', FILES);
  const seed = await bench.seed(metainfo, {}, { listen: { port: 0 } });
  for (const host of ['127.0.0.1', '::1']) {
    if (host === '::1' && !Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === '::1')))
      return t.skip('this machine has no IPv6');
    const client = bench.client();
    const options = { directory: bench.path(`get ${host}`), peers: [{ host, port: seed.address.port }] };
    await within((await client.add(metainfo, options)).completed(), `a download over ${host}`);
    assert.deepEqual(await bench.contents(`get ${host}`), await bench.contents('seed'));
  }
});
