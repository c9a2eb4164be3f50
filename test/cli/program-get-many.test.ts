// `get` with several sources: one client, each torrent by itself, one status in the end.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { InputError, StorageError } from '#src/base/errors.ts';
import type { Magnet, Metainfo } from '#src/cli/library.ts';
import { type FakeTorrent, METAINFO, MIB, ProgramBench } from '../support/program-bench.ts';

let folder = '';
let bench = new ProgramBench();
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-cli-'));
  bench = new ProgramBench();
  for (const name of ['one', 'two', 'three']) bench.sources.set(name, metainfoOf(name));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const hashOf = (name: string) => Buffer.from(name.padEnd(20)).toString('hex');

function metainfoOf(name: string): Metainfo {
  const files = METAINFO.files.map((file) => ({ ...file, path: `${name}/${file.path}` }));
  return { ...METAINFO, name, files, infoHash: hashOf(name) } as unknown as Metainfo;
}

const run = (...args: string[]) => bench.run('get', ...args, '-o', folder);

test('all are added to one client at once, and each is told of when it is done', async () => {
  const waiting: FakeTorrent[] = [];
  bench.client.added = (torrent) => {
    waiting.push(torrent);
    // None of them waits for another.
    if (waiting.length === 3) for (const each of waiting.toReversed()) each.finish();
  };
  assert.equal(await run('one', 'two', 'three', '--sequential'), 0);
  assert.equal(bench.client.addOptions?.sequential, true);
  assert.equal(bench.client.closed, 1);
  const done = bench.stdout.split('\n').filter((line) => /^done/.test(line));
  assert.deepEqual(done, [
    'done: three, 100 MiB in 2 files, was here already',
    'done: two, 100 MiB in 2 files, was here already',
    'done: one, 100 MiB in 2 files, was here already',
    'done  3 torrents',
  ]);
  assert.match(bench.stdout, /^ {2}size +300 MiB in 6 files, every piece verified$/m);
});

test('programs can tell the torrents apart, and the last event is of all', async () => {
  bench.client.added = (torrent, client) => {
    torrent.change({ state: 'downloading', bytesDone: 10 * MIB });
    torrent.emit('warning', { code: 'ERR_A', message: 'a' });
    if (client.torrents.length < 2) return;
    setTimeout(() => {
      for (const each of client.torrents) each.finish();
    }, 700);
  };
  assert.equal(await run('one', 'two', '--json'), 0);
  const events = bench.events();
  const of = (kind: string) => events.filter(({ event }) => event === kind);
  assert.deepEqual(
    new Set(of('progress').map(({ infoHash, name }) => `${infoHash} ${name}`)),
    new Set([`${hashOf('one')} one`, `${hashOf('two')} two`]),
  );
  assert.deepEqual(of('warning'), [
    { event: 'warning', infoHash: hashOf('one'), name: 'one', code: 'ERR_A', message: 'a' },
    { event: 'warning', infoHash: hashOf('two'), name: 'two', code: 'ERR_A', message: 'a' },
  ]);
  const { seconds, ...first } = of('torrent-done')[0]!;
  assert.equal(typeof seconds, 'number');
  assert.deepEqual(first, {
    event: 'torrent-done',
    infoHash: hashOf('one'),
    name: 'one',
    bytes: 100 * MIB,
    downloadedBytes: 90 * MIB,
    uploadedBytes: 0,
    path: path.join(folder, 'one'),
  });
  const last = events.at(-1)!;
  assert.deepEqual(
    [last['event'], last['torrents'], last['bytes'], last['downloadedBytes']],
    ['done', 2, 200 * MIB, 180 * MIB],
  );
  assert.deepEqual([last['infoHash'], last['name'], last['path']], [undefined, undefined, folder]);
  assert.deepEqual(last['dataPath'], bench.client.dataPath());
});

test('one that is stopped does not stop the others, and the status is that of the worst', async () => {
  bench.client.added = (torrent) => {
    if (torrent.name === 'one') torrent.fail(new StorageError('ERR_STORAGE_FULL', 'the disk is full'));
    else setTimeout(() => torrent.finish(), 20);
  };
  assert.equal(await run('one', 'two'), 1);
  assert.match(bench.stdout, /^done: two/m);
  const sentence = '1 of 2 torrents failed: one (ERR_STORAGE_FULL); the same command tries again';
  assert.equal(bench.stderr, `failed: one: the disk is full\nmillrace: ${sentence}\n`);

  assert.equal(await run('one', 'two', '--json'), 1);
  const failed = bench.events().filter(({ event }) => /error/.test(String(event)));
  assert.deepEqual(failed, [
    {
      event: 'torrent-error',
      infoHash: hashOf('one'),
      name: 'one',
      code: 'ERR_STORAGE_FULL',
      message: 'the disk is full',
    },
    { event: 'error', code: 'ERR_CLI_SOME_FAILED', message: sentence, torrents: 2, failed: 1 },
  ]);
  bench.client.added = (torrent) => {
    const error = torrent.name === 'one' ? new InputError('ERR_X', 'x') : new StorageError('ERR_Y', 'y');
    torrent.fail(error);
  };
  assert.equal(await run('two', 'one'), 2);
});

test('that the disk has not room for all of them is told once', async () => {
  bench.client.added = (torrent, client) => {
    torrent.change({ bytesWanted: 2 ** 52, bytesDone: 0, state: 'downloading' });
    if (client.torrents.length < 2) return;
    setTimeout(() => {
      for (const each of client.torrents) each.finish();
    }, 20);
  };
  assert.equal(await run('one', 'two'), 0);
  assert.match(bench.stderr, /^warning: .* has too little room: \d\.00 PiB are to come and .* are free\n$/);
});

test('torrents that would write the same file are refused before anything begins', async () => {
  const one = bench.sources.get('one') as Metainfo;
  const [film, text] = one.files;
  const files = [
    { ...film!, path: 'other' },
    { ...text!, path: text!.path.toUpperCase() },
  ];
  bench.sources.set('same', { ...metainfoOf('same'), files } as Metainfo);
  assert.equal(await run('one', 'two', 'same'), 2);
  assert.match(
    bench.stderr,
    /^millrace: two of the torrents \(6f6e6520… and 73616d65…\) would write the same file, "ONE\/A FILM\/README\.TXT"/,
  );
  assert.equal(bench.clientOptions, undefined);
});

test('a source that cannot be used is told before anything begins', async () => {
  bench.sourceError = new InputError('ERR_SOURCE_NOT_FOUND', 'There is no file two');
  assert.equal(await run('one', 'two'), 2);
  assert.equal(bench.clientOptions, undefined);
});

test('a torrent that is named twice is downloaded once, as one when none is left beside it', async () => {
  bench.client.added = (torrent) => torrent.finish();
  const magnet = { infoHash: hashOf('one'), trackers: [], webSeeds: [], peers: [] } as unknown as Magnet;
  bench.sources.set('magnet', magnet);
  assert.equal(await run('magnet', 'one', '--json'), 0);
  assert.deepEqual(
    bench.client.torrents.map(({ name }) => name),
    ['one'],
  );
  assert.equal(bench.events().at(-1)!['infoHash'], hashOf('one'));
  assert.equal(await run('one', 'two', 'one'), 0);
  assert.match(bench.stderr, /^one is the same torrent as one before it$/m);
});

test('Ctrl-C is told once, closes the client, and ends with 130', async () => {
  bench.client.added = (torrent) => {
    if (torrent.name === 'one') torrent.finish();
    else setTimeout(() => bench.interrupts.interrupt('SIGINT'), 20);
  };
  assert.equal(await run('one', 'two'), 130);
  assert.equal(bench.client.closed, 1);
  assert.match(bench.stderr, /^stopping: saving.*\nmillrace: interrupted; the same command continues.*\n$/);
});

test('with --seed each goes on to its own goal, and the command to the last one', async () => {
  bench.client.added = (torrent) => {
    torrent.finish();
    const wait = torrent.name === 'one' ? 5 : 60;
    setTimeout(() => torrent.emit('goal', { reason: 'ratio', ratio: 2, seconds: 5 }), wait);
  };
  assert.equal(await run('one', 'two', '--ratio', '2'), 0);
  assert.match(bench.stderr, /^one: goal reached: ratio 2\.00\ntwo: goal reached: ratio 2\.00\n$/);
  bench.client.added = (torrent) => {
    torrent.finish();
    setTimeout(() => bench.interrupts.interrupt('SIGINT'), 40);
  };
  assert.equal(await run('one', 'two', '--seed', '--json'), 130);
  assert.equal(bench.events().at(-1)!['event'], 'done');
});
