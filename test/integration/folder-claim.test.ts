// Two programs, or two clients, on one torrent in one folder: the second is told, and nothing of the first is touched.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { torrentFile } from '#src/client/index.ts';
import { ClientBench, until, within } from '../support/client-bench.ts';
import { EXIT_FAILED, Millrace } from '../support/millrace.ts';
import { Workspace } from '../support/workspace.ts';

const FILES = { 'a.bin': 3_000_000 };

test('a second client is refused until the first is closed, and neither removes nor forgets anything of it', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('claimed', FILES);
  const seed = await bench.seed(metainfo);
  const options = { directory: bench.path('get'), peers: [seed.address] };
  const first = bench.client();
  await within((await first.add(metainfo, options)).completed(), 'the download completes');

  const second = bench.client();
  const refused = await second.add(metainfo, options);
  await assert.rejects(within(refused.completed(), 'the refusal'), {
    name: 'StorageError',
    code: 'ERR_STORAGE_LOCKED',
    message: `another client of this program is at work on "claimed" in ${bench.path('get')}: end that first, or choose another folder`,
  });
  assert.equal(refused.state, 'error');
  await refused.remove({ deleteFiles: true });
  assert.deepEqual(await bench.contents('get'), await bench.contents('seed'), 'the files are the first one’s');
  const elsewhere = await second.add(metainfo, { ...options, directory: bench.path('elsewhere') });
  await within(elsewhere.completed(), 'another folder is free');
  await assert.rejects(elsewhere.move(bench.path('get'), { overwrite: true }), { code: 'ERR_STORAGE_LOCKED' });
  assert.equal(elsewhere.directory, bench.path('elsewhere'));
  await elsewhere.close();

  const waiting = await second.add(metainfo, options);
  await until(() => waiting.state === 'error', 'it is refused again');
  await first.close();
  await waiting.resume();
  await within(waiting.completed(), 'it goes on where the first one ended');
  assert.equal(
    second.dataPath().placedBytes + second.dataPath().copiedBytes,
    FILES['a.bin'],
    'only elsewhere took bytes',
  );
});

test('a torrent that moves leaves its old folder free, and holds the new one', async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('claimed', FILES);
  const seed = await bench.seed(metainfo);
  const client = bench.client();
  const options = { directory: bench.path('get'), peers: [seed.address] };
  const torrent = await client.add(metainfo, options);
  await within(torrent.completed(), 'the download completes');
  await torrent.move(bench.path('moved'));
  const other = bench.client();
  const refused = await other.add(metainfo, { ...options, directory: bench.path('moved') });
  await assert.rejects(within(refused.completed(), 'the refusal'), { code: 'ERR_STORAGE_LOCKED' });
  await refused.close();
  await within((await other.add(metainfo, options)).completed(), 'the old folder is free');
});

test('a second program gets one sentence, and takes over when the first was killed', {
  timeout: 150_000,
}, async (t) => {
  const bench = await ClientBench.open(t);
  const workspace = await Workspace.open(t);
  const metainfo = await bench.payload('claimed', FILES);
  const seed = await bench.seed(metainfo);
  const file = path.join(workspace.path, 'claimed.torrent');
  await writeFile(file, torrentFile(metainfo));
  const got = await workspace.folder('got');
  const get = (...args: string[]) => Millrace.get(workspace, file, got, { peers: [seed.address.port], args });
  const first = get('--down', '256KiB');
  await first.untilBytes(100_000);
  const second = await get().outcome();
  assert.deepEqual([second.code, second.last?.code], [EXIT_FAILED, 'ERR_STORAGE_LOCKED']);
  assert.match(
    second.last!.message!,
    new RegExp(`^another program \\(process ${first.pid}\\) is at work on "claimed" in`),
  );
  first.kill();
  await first.outcome();
  await get().done();
});
