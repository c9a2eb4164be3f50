import assert from 'node:assert/strict';
import path from 'node:path';
import { beforeEach, test } from 'node:test';
import { type FileStatus, NodeFileSystem } from './file-system.ts';
import { OpenFiles } from './open-files.ts';
import { WorkerStore } from './worker-store.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];

/** Tells which files were opened and closed, in order; there is no disk. */
class Ledger extends NodeFileSystem {
  readonly calls: string[] = [];
  readonly #names: string[] = [];

  override open(full: string): number {
    this.calls.push(`open ${path.basename(full)}`);
    return this.#names.push(path.basename(full)) - 1;
  }

  override close(fd: number): void {
    this.calls.push(`close ${this.#names[fd]}`);
  }

  override status(): FileStatus {
    return { size: 0, mtimeMs: 0, kind: 'folder' };
  }

  override size(): number {
    return 16;
  }
}

function storeNumber(id: number): WorkerStore {
  const files = NAMES.map((name) => ({ path: name, length: 16, pad: false }));
  const pieces = { totalBytes: 80, pieceBytes: 16_384, pieceHashes: new Uint8Array(20) };
  return new WorkerStore(id, { directory: '/nowhere', files, ...pieces, preallocate: false });
}

let system = new Ledger();
let files = new OpenFiles(system, 3);
const store = storeNumber(1);
beforeEach(() => {
  system = new Ledger();
  files = new OpenFiles(system, 3);
});

function use(names: string, mode: 'read' | 'write' = 'read', of: WorkerStore = store): string[] {
  const before = system.calls.length;
  for (const name of names) files.descriptor(of, NAMES.indexOf(name), mode);
  return system.calls.slice(before);
}

test('of more files than may be open the one is closed that was used the longest time ago', () => {
  assert.deepEqual(use('abc'), ['open a', 'open b', 'open c']);
  assert.deepEqual(use('aab'), [], 'they are open');
  assert.deepEqual(use('d'), ['close c', 'open d'], 'not a, which was opened first');
  assert.deepEqual(use('a'), []);
  assert.deepEqual(use('e'), ['close b', 'open e']);
  assert.deepEqual(use('dae'), [], 'what was used last is there');
});

test('stores share the bound, and one that is closed takes its files with it', () => {
  const other = storeNumber(2);
  use('ab');
  assert.deepEqual(use('a', 'read', other), ['open a']);
  use('a');
  assert.deepEqual(use('c', 'read', other), ['close b', 'open c']);
  const before = system.calls.length;
  files.closeStore(other);
  assert.deepEqual(system.calls.slice(before), ['close a', 'close c']);
  assert.deepEqual(use('ab'), ['open b'], 'the a of this store stayed open');
});

test('a file that was opened to be read is opened anew to be written, and then serves both', () => {
  use('a');
  assert.deepEqual(use('a', 'write'), ['close a', 'open a']);
  assert.deepEqual([...use('a', 'read'), ...use('a', 'write')], []);
});
