import assert from 'node:assert/strict';
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { replaceFile, temporaryName } from './replace-file.ts';

async function oldFile(t: TestContext): Promise<{ readonly folder: string; readonly file: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'millrace-replace-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'kept');
  await writeFile(file, 'old');
  return { folder, file };
}

/** Puts `sync` in the place of that of all file handles. */
async function insteadOfSync(t: TestContext, sync: () => Promise<void>): Promise<void> {
  const handle = await open(fileURLToPath(import.meta.url));
  const prototype = Object.getPrototypeOf(handle) as typeof handle;
  await handle.close();
  t.mock.method(prototype, 'sync', sync);
}

test('the new bytes are on the disk before they take the name, and the name before it is done', async (t) => {
  const { folder, file } = await oldFile(t);
  /** What stands under the name and beside it in each moment in which the disk is waited for. */
  const seen: (string | undefined)[][] = [];
  await insteadOfSync(t, async () => {
    const text = (name: string) => readFile(name, 'utf8').catch(() => undefined);
    seen.push([await text(file), await text(temporaryName(file))]);
  });
  await replaceFile(file, Buffer.from('ne'), Buffer.from('w'));
  const folderFlushed = process.platform === 'win32' ? [] : [['new', undefined]];
  assert.deepEqual(seen, [['old', 'new'], ...folderFlushed]);
  assert.deepEqual(await readdir(folder), ['kept']);
});

test('what cannot be flushed leaves the old file, and nothing beside it', async (t) => {
  const { folder, file } = await oldFile(t);
  await insteadOfSync(t, () => Promise.reject(new Error('the disk is broken')));
  await assert.rejects(replaceFile(file, Buffer.from('new')), /the disk is broken/);
  assert.equal(await readFile(file, 'utf8'), 'old');
  assert.deepEqual(await readdir(folder), ['kept']);
});
