import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { releaseLock, takeLock } from './lock-file.ts';
import { processMark, runningProcess } from './process-mark.ts';

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'millrace-lock-'));
  file = path.join(folder, 'a.lock');
});
afterEach(() => {
  releaseLock(file);
  rmSync(folder, { recursive: true });
});

/** Another process, and its mark. */
async function otherProcess() {
  const module = new URL('./process-mark.js', import.meta.url).href;
  const script = `import(${JSON.stringify(module)}).then((m) => console.log(m.processMark())); setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  const kill = async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { pid: child.pid!, mark: text.toString().trim(), kill };
}

test('a lock is taken once, and again when it was given back', () => {
  assert.deepEqual(takeLock(file), { taken: true });
  assert.deepEqual(takeLock(file), { taken: false, pid: process.pid });
  assert.equal(readFileSync(file, 'utf8'), processMark());
  releaseLock(file);
  assert.equal(existsSync(file), false);
  releaseLock(file);
  assert.deepEqual(takeLock(file), { taken: true });
});

test('the lock of a running process is respected, that of a killed one is not', async () => {
  const other = await otherProcess();
  try {
    assert.equal(runningProcess(other.mark), other.pid);
    writeFileSync(file, other.mark);
    assert.deepEqual(takeLock(file), { taken: false, pid: other.pid });
  } finally {
    await other.kill();
  }
  assert.equal(runningProcess(other.mark), undefined);
  assert.deepEqual(takeLock(file), { taken: true });
  assert.deepEqual(readdirSync(folder), ['a.lock'], 'nothing is left of the old one');
});

test('what was left by an earlier run of the machine, by a process whose number another one has now, or by nobody, is taken', () => {
  const [, started, boot] = /^\d+ (\S+) (.*)$/.exec(processMark())!;
  const left = [
    `${process.pid} ${started} another-boot`,
    `1 1${started}9 ${boot}`,
    `${process.pid} - ${boot}`,
    `0 - ${boot}`,
    'something else',
  ];
  for (const mark of left) {
    writeFileSync(file, mark);
    assert.deepEqual(takeLock(file), { taken: true }, mark);
    releaseLock(file);
  }
});

test('the mark of this process is respected, for another thread of it may hold the lock', () => {
  writeFileSync(file, processMark());
  assert.deepEqual(takeLock(file), { taken: false, pid: process.pid });
});

test('a lock that is being written is respected, unless its process died over it', () => {
  writeFileSync(file, '');
  assert.deepEqual(takeLock(file), { taken: false, pid: 0 });
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(file, longAgo, longAgo);
  assert.deepEqual(takeLock(file), { taken: true });
});

test('where no file can be made, the reason is thrown', () => {
  assert.throws(() => takeLock(path.join(folder, 'none', 'a.lock')), { code: 'ENOENT' });
});
