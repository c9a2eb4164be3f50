// What goes wrong between a user and the library: bad arguments, a disk that refuses, an address that is taken.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import test from 'node:test';
import { Client, InputError, StorageError } from '#src/client/index.ts';
import { ClientBench, within } from '../support/client-bench.ts';

test('a client with too little piece memory is refused', () => {
  for (const memoryBytes of [0, -1, 1024, 4 * 1024 * 1024 - 1, Number.NaN]) {
    assert.throws(() => new Client({ memoryBytes }), { code: 'ERR_CLIENT_MEMORY' });
  }
});

test('the least piece memory is enough', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 9_000_000 }, { pieceBytes: 4 * 1024 * 1024 });
  const seed = await bench.seed(metainfo);
  const client = bench.client({ memoryBytes: 4 * 1024 * 1024 });
  const torrent = await client.add(metainfo, { directory: bench.path('get'), peers: [seed.address] });
  await within(torrent.completed(), 'complete');
  assert.deepEqual(await bench.contents('get'), await bench.contents('seed'));
});

test('the same torrent is added once', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 10 });
  const client = bench.client();
  const options = { directory: bench.path('get') };
  const outcomes = await Promise.allSettled([client.add(metainfo, options), client.add(metainfo, options)]);
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  await assert.rejects(client.add(metainfo), { code: 'ERR_CLIENT_DUPLICATE' });
  await client.torrents[0]!.remove();
  await client.add(metainfo, options);
});

test('a file that does not exist cannot be selected; the client is as good as before', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 10, b: 20 });
  const client = bench.client();
  for (const select of [[2], [-1], [0.5], [0, 7]]) {
    await assert.rejects(client.add(metainfo, { select, directory: bench.path('get') }), {
      code: 'ERR_SELECT_FILE',
      name: InputError.name,
    });
  }
  assert.deepEqual(client.torrents, []);
  const torrent = await client.add(metainfo, { directory: bench.path('seed'), existing: 'check' });
  assert.throws(() => torrent.select([2]), { code: 'ERR_SELECT_FILE' });
  await within(torrent.completed(), 'complete');
  await within(client.close(), 'closed');
});

test('what is no torrent is refused', async (t) => {
  const bench = await ClientBench.open(t);
  const client = bench.client();
  await assert.rejects(client.add(new Uint8Array([1, 2, 3])), InputError);
  await assert.rejects(client.add(bench.path('missing.torrent')), InputError);
  await writeFile(bench.path('page.torrent'), '<html>');
  await assert.rejects(client.add(bench.path('page.torrent')), InputError);
});

test('an address that is taken is told, and can be tried again', async (t) => {
  const bench = await ClientBench.open(t);
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  const client = bench.client({ listen: { host: '127.0.0.1', port } });
  await assert.rejects(client.listen(), { code: 'ERR_LISTEN', name: StorageError.name });
  await new Promise((resolve) => other.close(resolve));
  assert.deepEqual(await client.listen(), { host: '127.0.0.1', port });
});

test('a client that never listens downloads all the same', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 100_000 });
  const seed = await bench.seed(metainfo);
  const client = bench.client({ listen: false });
  assert.equal(await client.listen(), undefined);
  await within(
    (await client.add(metainfo, { directory: bench.path('get'), peers: [seed.address] })).completed(),
    'complete',
  );
});

test('a closed client that never did anything is closed', async (t) => {
  const bench = await ClientBench.open(t);
  const client = bench.client();
  await within(client.close(), 'closed');
});

test('a folder that is in the way stops the torrent with a reason; resume goes on once it is gone', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 300_000, b: 5 });
  const seed = await bench.seed(metainfo);
  await mkdir(bench.path('get', 'set', 'a'), { recursive: true });
  const client = bench.client();
  const torrent = await client.add(metainfo, { directory: bench.path('get'), peers: [seed.address] });
  await assert.rejects(within(torrent.completed(), 'the failure'), (error: unknown) => {
    assert.ok(error instanceof StorageError);
    assert.match(error.message, /set\/a/);
    return true;
  });
  assert.equal(torrent.state, 'error');
  assert.equal(torrent.error?.name, 'StorageError');
  await assert.rejects(torrent.completed(), StorageError);
  await rm(bench.path('get', 'set', 'a'), { recursive: true });
  await torrent.resume();
  assert.equal(torrent.error, undefined);
  await within(torrent.completed(), 'after the cause is gone');
  assert.deepEqual(await bench.contents('get'), await bench.contents('seed'));
});

test('a download folder that is a file stops the torrent as it opens; resume opens it again', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 300_000 });
  const seed = await bench.seed(metainfo);
  await writeFile(bench.path('get'), 'in the way');
  const torrent = await bench.client().add(metainfo, { directory: bench.path('get'), peers: [seed.address] });
  await assert.rejects(within(torrent.completed(), 'the failure'), StorageError);
  await assert.rejects(
    within(
      torrent.resume().then(() => torrent.completed()),
      'the second failure',
    ),
    StorageError,
  );
  await rm(bench.path('get'));
  await torrent.resume();
  await within(torrent.completed(), 'after the cause is gone');
});

test('a folder that may not be written to stops the torrent with EACCES', async (t) => {
  if (process.getuid?.() === 0) {
    t.diagnostic('skipped: root may write everywhere');
    return;
  }
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 300_000 });
  await mkdir(bench.path('get'));
  await chmod(bench.path('get'), 0o500);
  const torrent = await bench.client().add(metainfo, { directory: bench.path('get') });
  await assert.rejects(within(torrent.completed(), 'the failure'), { code: 'ERR_STORAGE_ACCESS' });
  await chmod(bench.path('get'), 0o700);
});

test('a full disk stops the torrent and says where', async (t) => {
  const bench = await ClientBench.open(t);
  await mkdir(bench.path('tiny'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', bench.path('tiny')], { stdio: 'ignore' });
  } catch (error) {
    t.diagnostic(`skipped: cannot mount a small tmpfs: ${(error as Error).message}`);
    return;
  }
  try {
    const metainfo = await bench.payload('set', { a: 3_000_000 });
    const seed = await bench.seed(metainfo);
    const client = bench.client();
    const torrent = await client.add(metainfo, { directory: bench.path('tiny'), peers: [seed.address] });
    await assert.rejects(within(torrent.completed(), 'the failure'), { code: 'ERR_STORAGE_FULL' });
    assert.ok(torrent.progress().bytesDone <= 1024 * 1024);
    await within(client.close(), 'closed');
  } finally {
    execFileSync('umount', ['-l', bench.path('tiny')]);
  }
});

test('who gives up waiting is let go, and the download goes on', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', { a: 10 });
  const client = bench.client();
  const torrent = await client.add(metainfo, { directory: bench.path('get') });
  const controller = new AbortController();
  const waiting = torrent.completed(controller.signal);
  controller.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
  await assert.rejects(torrent.completed(AbortSignal.abort(new Error('at once'))), /at once/);
  assert.equal(torrent.listenerCount('done'), 0);
});
