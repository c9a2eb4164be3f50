import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { statFiles } from '../host/disk/file-stats.ts';
import { sameStamp, stampFiles } from './file-stamp.ts';

test('each file gets its stamp, in whole microseconds; one that is not there gets none', () => {
  const parted = { size: 3, mtimeMs: 0.5, parted: true } as const;
  assert.deepEqual(stampFiles([{ size: 1, mtimeMs: 1_700_000_000_000.25 }, undefined, parted]), [
    { sizeBytes: 1, mtimeUs: 1_700_000_000_000_250 },
    undefined,
    { sizeBytes: 3, mtimeUs: 500, parted: true },
  ]);
});

test('of a real file, the stamp stays until somebody touches it', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'millrace-stamp-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = path.join(directory, 'a');
  await writeFile(file, 'abc');
  const layout = {
    directory,
    files: [{ path: 'a', length: 3, pad: false }],
    totalBytes: 3,
    pieceBytes: 16_384,
    pieceHashes: new Uint8Array(20),
    preallocate: false,
  };
  const stamp = async () => stampFiles(await statFiles(layout))[0];
  const before = await stamp();
  assert.ok(sameStamp(before, await stamp()));
  const { atime, mtimeMs } = await stat(file);
  await utimes(file, atime, (mtimeMs + 1) / 1000);
  assert.ok(!sameStamp(before, await stamp()));
  await rm(file);
  assert.equal(await stamp(), undefined);
});

test('a file that is not there is the same as no other', () => {
  const stamp = { sizeBytes: 1, mtimeUs: 1 };
  assert.ok(sameStamp(stamp, { ...stamp }));
  assert.ok(!sameStamp(stamp, { sizeBytes: 2, mtimeUs: 1 }));
  assert.ok(!sameStamp(stamp, { sizeBytes: 1, mtimeUs: 2 }));
  assert.ok(!sameStamp(stamp, undefined));
  assert.ok(!sameStamp(undefined, stamp));
  assert.ok(!sameStamp(undefined, undefined));
});
