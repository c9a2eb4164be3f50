import assert from 'node:assert/strict';
import { appendFile, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { compareFolders } from './compare.ts';
import { planPayload, writePayload } from './payload.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-payload-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const silent = { signal: new AbortController().signal, onProgress: () => undefined };

test('a plan has exactly the bytes it was asked for, in distinct files', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 33 }), (bytes) => {
      const files = planPayload(bytes);
      assert.equal(
        files.reduce((sum, file) => sum + file.length, 0),
        bytes,
      );
      assert.equal(new Set(files.map((file) => file.path)).size, files.length);
    }),
  );
  assert.ok(planPayload(1_000_000).some((file) => file.length === 0));
});

test('a payload equals itself, and no two payloads are alike', async () => {
  const files = planPayload(3_000_000);
  const [one, two] = [path.join(folder, 'one'), path.join(folder, 'two')];
  let seen = 0;
  await writePayload({
    ...silent,
    directory: one,
    files,
    onProgress: (done) => {
      seen = done;
    },
  });
  assert.equal(seen, 3_000_000);
  await compareFolders({ ...silent, original: one, copy: one, files });
  await writePayload({ ...silent, directory: two, files });
  await assert.rejects(compareFolders({ ...silent, original: one, copy: two, files }), { code: 'ERR_DEMO_MISMATCH' });
});

test('a comparison notices one changed byte, a longer file, a missing and an additional one', async () => {
  const files = planPayload(2_500_000);
  const [original, copy] = [path.join(folder, 'original'), path.join(folder, 'copy')];
  const compare = () => compareFolders({ ...silent, original, copy, files });
  await writePayload({ ...silent, directory: original, files });
  const { cp } = await import('node:fs/promises');
  const fresh = async () => {
    await rm(copy, { recursive: true, force: true });
    await cp(original, copy, { recursive: true });
  };

  await fresh();
  await compare();
  const reel = path.join(copy, 'reels', 'reel one.bin');
  const handle = await open(reel, 'r+');
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, 1_100_000);
  byte[0]! ^= 1;
  await handle.write(byte, 0, 1, 1_100_000);
  await handle.close();
  await assert.rejects(compare(), { code: 'ERR_DEMO_MISMATCH', message: /reel one/ });

  await fresh();
  await appendFile(path.join(copy, 'empty.txt'), 'x');
  await assert.rejects(compare(), { message: /empty\.txt/ });

  await fresh();
  await rm(path.join(copy, 'notes', '007.txt'));
  await assert.rejects(compare(), { message: /007\.txt" is missing/ });

  await fresh();
  await writeFile(path.join(copy, 'virus.exe'), '');
  await assert.rejects(compare(), { message: /virus\.exe" is not in the original/ });
});
