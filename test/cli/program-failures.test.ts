// How the program ends when something is wrong, and what it says then.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { InputError, StorageError } from '#src/base/errors.ts';
import type { Magnet } from '#src/cli/library.ts';
import { HASH, ProgramBench } from '../support/program-bench.ts';

let folder = '';
let bench = new ProgramBench();
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-cli-'));
  bench = new ProgramBench();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a torrent that stops is told in one sentence, and exits with 1', async () => {
  bench.client.added = (torrent) => torrent.fail(new StorageError('ERR_STORAGE_FULL', 'the disk is full at /films'));
  assert.equal(await bench.run('get', 'x.torrent', '-o', folder), 1);
  assert.equal(bench.stderr, 'millrace: the disk is full at /films\n');
  assert.equal(bench.client.closed, 1);
});

test('a bad source exits with 2; a stack is shown to those who debug only', async () => {
  bench.sourceError = new InputError('ERR_METAINFO_NAME', 'x.torrent has no name');
  assert.equal(await bench.run('get', 'x.torrent'), 2);
  assert.equal(bench.stderr, 'millrace: x.torrent has no name\n');
  bench.env = { MILLRACE_DEBUG: '1' };
  assert.equal(await bench.run('get', 'x.torrent'), 2);
  assert.match(bench.stderr, /^millrace: x\.torrent has no name\nInputError: .*\n {4}at /);
});

test('a bug says that it is one', async () => {
  bench.sourceError = new TypeError('x is undefined');
  assert.equal(await bench.run('info', 'x.torrent'), 1);
  assert.match(bench.stderr, /^millrace: x is undefined \(this is a bug.*\)\n$/);
});

test('info tells what the trackers say of the swarm, when it is asked to', async () => {
  bench.magnet = { infoHash: HASH, trackers: [], webSeeds: [], peers: [] } as unknown as Magnet;
  assert.equal(await bench.run('info', 'x.torrent', '--scrape'), 0);
  assert.match(bench.stdout, /http:\/\/one\/announce: 3 seeds, 4 leeches, 5 downloads\n.*udp:\/\/two:1: no answer/);
});

test('an output folder that cannot be one is refused before the client starts', async () => {
  const file = path.join(folder, 'file');
  await writeFile(file, '');
  assert.equal(await bench.run('get', 'x.torrent', '-o', file), 2);
  assert.match(bench.stderr, /cannot write into .*: it is a file, not a folder/);
  assert.equal(await bench.run('get', 'x.torrent', '-o', path.join(file, 'below')), 2);
  assert.match(bench.stderr, /part of the path is a file/);
  if (process.platform === 'linux') assert.equal(await bench.run('get', 'x.torrent', '-o', '/proc/none/below'), 2);
  assert.equal(bench.clientOptions, undefined);
});

test('a download that will not fit is told of at its start', async () => {
  bench.client.added = (torrent) => {
    torrent.change({ bytesWanted: 2 ** 53, bytesDone: 0, state: 'downloading' });
    torrent.finish();
  };
  assert.equal(await bench.run('get', 'x.torrent', '-o', folder), 0);
  assert.match(bench.stderr, /^warning: .* has too little room: 8\.00 PiB are to come and .* are free\n/);
});

test('what does not exist yet is refused, not ignored', async () => {
  for (const version of ['--v2', '--hybrid']) {
    assert.equal(await bench.run('create', 'x', version), 2);
    assert.match(bench.stderr, /does not exist yet/);
  }
});
