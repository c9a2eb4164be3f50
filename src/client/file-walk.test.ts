import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { InputError } from '../base/errors.ts';
import { walkFiles } from './file-walk.ts';

async function folder(t: TestContext, files: Record<string, string> = {}): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'millrace-walk-'));
  t.after(() => rm(directory, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.join(directory, path.dirname(name)), { recursive: true });
    await writeFile(path.join(directory, name), content);
  }
  return directory;
}

async function refused(source: string, code: string, words: RegExp): Promise<void> {
  await assert.rejects(walkFiles(source), (error) => {
    assert.ok(error instanceof InputError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, words);
    return true;
  });
}

test('files come in the order of their names, folder by folder, hidden and empty ones too', async (t) => {
  // By whole path, a-b would come before a/z; by code unit, the emoji would come before U+FF5E.
  const names = ['.hidden', 'B', 'a/y/1', 'a/z', 'a-b', 'b', '\uff5e', '\u{1f600}'];
  const directory = await folder(t, Object.fromEntries(names.map((name, i) => [name, 'x'.repeat(i)])));
  await mkdir(path.join(directory, 'empty'));
  const walk = await walkFiles(directory);
  assert.deepEqual(
    walk.files.map((file) => [file.parts.join('/'), file.length]),
    names.map((name, i) => [name, i]),
  );
  assert.equal(walk.single, false);
  assert.equal(walk.files[2]?.absolutePath, path.join(directory, 'a/y/1'));
});

test('a single file is a walk of its own, also behind a link', async (t) => {
  const directory = await folder(t, { one: 'abc' });
  await symlink('one', path.join(directory, 'link'));
  for (const name of ['one', 'link']) {
    const { single, files, root } = await walkFiles(path.join(directory, name));
    assert.deepEqual([single, files.length, files[0]?.length, files[0]?.parts], [true, 1, 3, []]);
    assert.equal(root, path.join(directory, name));
  }
});

test('links inside are passed over and told, to files and to folders', async (t) => {
  const directory = await folder(t, { 'a/one': 'abc' });
  await symlink('a', path.join(directory, 'b'));
  await symlink('one', path.join(directory, 'a', 'two'));
  await symlink('nowhere', path.join(directory, 'c'));
  const walk = await walkFiles(directory);
  assert.deepEqual(
    walk.files.map((file) => file.parts.join('/')),
    ['a/one'],
  );
  assert.deepEqual(
    walk.skippedLinks,
    ['a/two', 'b', 'c'].map((name) => path.join(directory, name)),
  );
});

test('what holds nothing is refused', async (t) => {
  await refused(await folder(t), 'ERR_CREATE_EMPTY', /nothing to share/);
  await refused(await folder(t, { 'a/empty': '' }), 'ERR_CREATE_EMPTY', /no file with anything in it/);
  await refused(path.join(await folder(t, { empty: '' }), 'empty'), 'ERR_CREATE_EMPTY', /the file is empty/);
});

test('what is missing, special or badly named is refused by name', async (t) => {
  const directory = await folder(t, { one: 'abc' });
  await refused(path.join(directory, 'two'), 'ERR_CREATE_NOT_FOUND', /no file or folder .*two$/);
  await refused('/dev/null', 'ERR_CREATE_SPECIAL_FILE', /\/dev\/null/);
  execFileSync('mkfifo', [path.join(directory, 'pipe')]);
  await refused(directory, 'ERR_CREATE_SPECIAL_FILE', /pipe is a device, pipe or socket/);

  const other = await folder(t, { one: 'abc' });
  await writeFile(Buffer.concat([Buffer.from(`${other}/`), Buffer.from([0x66, 0xff])]), 'x');
  await refused(other, 'ERR_CREATE_NAME', /f\ufffd is not UTF-8/);
});

test('a walk can be aborted', async (t) => {
  const reason = new Error('enough');
  await assert.rejects(walkFiles(await folder(t, { a: 'a' }), AbortSignal.abort(reason)), reason);
});
