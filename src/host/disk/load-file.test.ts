import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { NodeFileSystem } from './file-system.ts';
import { loadFile } from './load-file.ts';

test('a plain file is read whole; whatever is odd is left to who asked', async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'millrace-load-'));
  t.after(() => rm(folder, { recursive: true }));
  const at = (name: string): string => path.join(folder, name);
  await writeFile(at('plain'), 'four');
  await writeFile(at('empty'), '');
  await mkdir(at('folder'));
  await symlink('plain', at('link'));
  const load = (name: string, bytesMax = 4): string | undefined => {
    const bytes = loadFile(new NodeFileSystem(), at(name), bytesMax);
    return bytes && new TextDecoder().decode(bytes);
  };
  assert.equal(load('plain'), 'four');
  assert.equal(load('plain', 3), undefined);
  for (const name of ['empty', 'folder', 'link', 'missing', 'plain/below']) assert.equal(load(name), undefined, name);
  if (process.platform === 'win32') return;
  // Opening it would wait for whoever writes into it.
  execFileSync('mkfifo', [at('pipe')]);
  assert.equal(load('pipe'), undefined);
});
