// `info` of a magnet link: whom it asks, for how long, and what it writes.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Magnet } from '#src/cli/library.ts';
import { HASH, METAINFO, ProgramBench } from '../support/program-bench.ts';

let folder = '';
let bench = new ProgramBench();
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-cli-'));
  bench = new ProgramBench();
  bench.magnet = { infoHash: HASH, displayName: 'a link', trackers: [], webSeeds: [], peers: [] } as unknown as Magnet;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('peers are asked for the files of a magnet link, by a client that is only passing', async () => {
  const options = '--peer 10.0.0.1:1 --no-trackers --dht-node 10.0.0.2:2 --no-lsd --proxy socks5://h:1';
  assert.equal(await bench.run('info', 'magnet', ...options.split(' ')), 0);
  assert.match(bench.stdout, /^ +1 +1\.00 MiB +readme\.txt$/m);
  assert.equal(bench.client.fetched?.magnet, bench.magnet);
  const { signal, ...fetchOptions } = bench.client.fetched!.options;
  assert.ok(signal !== undefined);
  assert.deepEqual(fetchOptions, { trackers: false, peers: [{ host: '10.0.0.1', port: 1 }] });
  const { portMapping, dht, lsd, proxy } = bench.clientOptions!;
  assert.deepEqual({ portMapping, lsd, proxy }, { portMapping: false, lsd: false, proxy: 'socks5://h:1' });
  assert.deepEqual(dht, { nodes: [{ host: '10.0.0.2', port: 2 }], readOnly: true });
  assert.equal(bench.client.closed, 1);
});

test('nobody is asked for what is kept, nor with --offline', async () => {
  bench.kept = METAINFO;
  assert.equal(await bench.run('info', 'magnet'), 0);
  assert.match(bench.stdout, /film\.mkv/);
  bench.kept = undefined;
  assert.equal(await bench.run('info', 'magnet', '--offline'), 0);
  assert.match(bench.stdout, /^a link\n.*\n +the files are not known before peers have given the metadata\n$/s);
  assert.equal(await bench.run('info', 'magnet', '--offline', '-o', path.join(folder, 'x')), 2);
  assert.match(bench.stderr, /^millrace: without peers there is nothing to be written/);
  assert.equal(bench.clientOptions, undefined, 'no client was made');
});

test('when its time is over it says why, and shows what the link says', async () => {
  bench.client.metadata = undefined;
  const stall = { code: 'no-peers', message: 'no peers are known' } as const;
  bench.client.searches.push({ progress: () => ({ infoHash: HASH, peers: 0, sources: 0, share: 0, stall }) });
  assert.equal(await bench.run('info', 'magnet', '--timeout', '0.02s'), 1);
  assert.match(bench.stdout, /a link\n {2}info hash {2}0123/);
  const advice = '--timeout waits longer, --peer names somebody who has it';
  const sentence = `no metadata within 0.0 s: no peers are known; ${advice}`;
  assert.equal(bench.stderr, `millrace: ${sentence}\n`);
  assert.equal(bench.client.closed, 1);
  assert.equal(await bench.run('info', 'magnet', '--timeout', '0.02', '--json'), 1);
  const last = bench.events().at(-1);
  assert.deepEqual(last, { event: 'error', code: 'ERR_CLI_METADATA', message: sentence });
  assert.equal(await bench.run('info', 'magnet', '--timeout', 'soon'), 2);
});

test('Ctrl-C ends the search', async () => {
  bench.client.metadata = undefined;
  setTimeout(() => bench.interrupts.interrupt('SIGINT'), 20);
  assert.equal(await bench.run('info', 'magnet'), 130);
  assert.equal(bench.stderr, 'stopping (once more to quit at once)\nmillrace: interrupted; nothing was changed\n');
});

test('-o writes the torrent file, to standard output with nothing else there', async () => {
  const file = path.join(folder, 'a.torrent');
  assert.equal(await bench.run('info', 'magnet', '-o', file, '--json'), 0);
  assert.equal(await readFile(file, 'utf8'), 'torrent file of a film');
  assert.equal(bench.events().at(-1)!['file'], file);
  assert.equal(await bench.run('info', 'magnet', '-o', '-'), 0);
  assert.equal(bench.stdout, 'torrent file of a film');
  assert.match(bench.stderr, /film\.mkv/);
  assert.equal(await bench.run('info', 'magnet', '-o', '-', '--json'), 2);
});

test('an output that cannot be is refused before anybody is asked', async () => {
  const file = path.join(folder, 'a.torrent');
  await writeFile(file, 'mine');
  assert.equal(await bench.run('info', 'magnet', '-o', file), 2);
  assert.match(bench.stderr, /exists: --force replaces it/);
  assert.equal(await bench.run('info', 'magnet', '-o', path.join(folder, 'none', 'a.torrent')), 2);
  assert.match(bench.stderr, /there is no such folder/);
  assert.equal(bench.client.fetched, undefined);
  assert.equal(await readFile(file, 'utf8'), 'mine');
  assert.equal(await bench.run('info', 'magnet', '-o', file, '--force'), 0);
  assert.equal(await readFile(file, 'utf8'), 'torrent file of a film');
});
