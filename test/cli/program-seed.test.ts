// What `seed`, `verify` and `create` ask of the library and tell.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { CreateOptions } from '#src/cli/library.ts';
import { HASH, MIB, ProgramBench } from '../support/program-bench.ts';

let folder = '';
let bench = new ProgramBench();
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-cli-'));
  bench = new ProgramBench();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('seed verifies, then uploads until interrupted, and reports what it sent', async () => {
  bench.client.added = (torrent) => {
    torrent.change({ state: 'seeding', bytesDone: 100 * MIB, uploadedBytes: 5 * MIB });
    setTimeout(() => bench.interrupts.interrupt('SIGINT'), 20);
  };
  assert.equal(await bench.run('seed', 'x.torrent', '-d', folder, '--json'), 130);
  assert.equal(bench.client.addOptions?.existing, 'trust');
  const done = bench.events().at(-1)!;
  assert.deepEqual([done['event'], done['uploadedBytes'], done['bytes']], ['done', 5 * MIB, 100 * MIB]);
  assert.equal(bench.client.closed, 1);
});

test('seed refuses files that are not complete, unless they are trusted', async () => {
  bench.verified = { ...bench.verified, piecesOk: 99 };
  assert.equal(await bench.run('seed', 'x.torrent', '-d', folder), 1);
  assert.match(bench.stderr, /99 of 100 pieces match; only complete files are seeded/);
  assert.equal(bench.client.addOptions, undefined);
  assert.doesNotMatch(bench.stdout, /listening/, 'nobody is told of a port where nothing is to be had');
  bench.client.added = () => bench.interrupts.interrupt('SIGINT');
  assert.equal(await bench.run('seed', 'x.torrent', '-d', folder, '--trust'), 130);
});

test('seed and verify want a folder that exists', async () => {
  for (const command of ['seed', 'verify']) {
    assert.equal(await bench.run(command, 'x.torrent', '-d', path.join(folder, 'none')), 2);
    assert.match(bench.stderr, /there is no such folder/);
  }
});

test('verify exits with 0 or 1, and tells programs which files are wrong', async () => {
  assert.equal(await bench.run('verify', 'x.torrent', '-d', folder, '--json'), 0);
  assert.equal(bench.events().at(-1)!['complete'], true);
  const files = [{ path: 'a film/film.mkv', length: 10, bytesOk: 5 }];
  bench.verified = { ...bench.verified, piecesOk: 50, files };
  assert.equal(await bench.run('verify', 'x.torrent', '-d', folder, '--json'), 1);
  const error = bench.events().at(-1)!;
  assert.deepEqual([error['event'], error['code'], error['files']], ['error', 'ERR_CLI_INCOMPLETE', files]);
  assert.equal(await bench.run('verify', 'x.torrent', '-d', folder), 1);
  assert.match(bench.stdout, /50\.0 % .* a film\/film\.mkv/);
});

test('create writes the torrent, and never over another one unless forced', async () => {
  const output = path.join(folder, 'x.torrent');
  const urls = ['--tracker', 'http://a.example/', '--tracker', 'udp://b.example:1', '--web-seed', 'http://w.example/'];
  assert.equal(await bench.run('create', 'film', '-o', output, '--private', '--comment', 'c', ...urls), 0);
  const { onProgress, signal, ...options } = bench.createOptions!;
  assert.ok(onProgress && signal);
  assert.deepEqual(options, {
    private: true,
    tiers: [['http://a.example/'], ['udp://b.example:1']],
    webSeeds: ['http://w.example/'],
    comment: 'c',
  });
  assert.equal(await readFile(output, 'latin1'), 'd4:infode');
  assert.match(bench.stdout, new RegExp(`info hash +${HASH}`));
  assert.match(bench.stdout, /magnet:\?xt=urn:btih:/);
  assert.match(bench.stderr, /warning: the link x is left out/);

  bench.createOptions = undefined;
  assert.equal(await bench.run('create', 'film', '-o', output), 2);
  assert.match(bench.stderr, /exists: --force replaces it/);
  assert.equal(bench.createOptions, undefined, 'refused before hashing');
  assert.equal(await bench.run('create', 'film', '-o', output, '--force', '--piece-length', '1MiB', '--json'), 0);
  assert.equal((bench.createOptions as CreateOptions | undefined)?.pieceBytes, MIB);
  assert.equal(bench.events().at(-1)!['file'], output);
});

test('create -o - keeps standard output for the torrent', async () => {
  assert.equal(await bench.run('create', 'film', '-o', '-'), 0);
  assert.equal(bench.stdout, 'd4:infode');
  assert.match(bench.stderr, /info hash/);
  assert.equal(await bench.run('create', 'film', '-o', '-', '--json'), 2);
  assert.equal(bench.stdout, '');
  assert.match(bench.stderr, /both want standard output/);
});
