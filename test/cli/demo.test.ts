// The demo as a newcomer runs it, small.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { eventsOf, runMillrace } from './run-millrace.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-demo-test-'));
  process.env['MILLRACE_DATA_DIR'] = folder;
});
after(() => rm(folder, { recursive: true, force: true }));

test('the demo downloads, compares and remembers nothing', async () => {
  const run = await runMillrace(['demo', '--size', '4MiB', '--json']);
  assert.equal(run.exitCode, 0, run.stderr + run.stdout);
  const done = eventsOf(run).at(-1)!;
  assert.equal(done['event'], 'done');
  assert.equal(done['bytes'], 4 * 1024 * 1024);
  assert.equal(done['downloadedBytes'], 4 * 1024 * 1024);
  assert.equal(done['proof'], 'all 205 files equal the originals, byte for byte');
  assert.deepEqual(await readdir(path.join(folder, 'resume')).catch(() => []), []);
});

test('the demo tells people the rate, the cost and the proof, and leaves no file behind', async () => {
  const { exitCode, stdout, stderr } = await runMillrace(['demo', '--size', '4MiB']);
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /rate +[\d.]+ [KMG]iB\/s\n/);
  assert.match(stdout, /CPU +[\d.]+ s per GiB\n/);
  assert.match(stdout, /copied +.* of 4\.00 MiB \([\d.]+ %\), wasted .*, read back .*\n/);
  assert.match(stdout, /proof +all 205 files equal the originals/);
  const made = /in (\/\S+\/millrace-demo-\w{6})/.exec(stdout + stderr)?.[1];
  assert.ok(made !== undefined, stdout + stderr);
  assert.ok(!existsSync(made));
});
