import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { MemoryStorage } from '../../testing/storage/memory-storage.ts';
import { describeStorage, type StorageMaker } from '../../testing/storage/storage-conformance.ts';
import { DiskPool } from './disk-pool.ts';
import { errnoOf } from './file-system.ts';

async function readIfPresent(file: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (error) {
    assert.equal(errnoOf(error), 'ENOENT');
    return undefined;
  }
}

function diskMaker(workers: number): StorageMaker {
  return async (arena, sink) => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'millrace-disk-'));
    const storage = new DiskPool({ arena, sink, workers });
    return {
      storage,
      directory,
      open: (layout) => storage.open(layout),
      fileBytes: (_, name) => readIfPresent(path.join(directory, name)),
      close: async () => {
        await storage.close();
        await rm(directory, { recursive: true });
      },
    };
  };
}

describeStorage('memory', async (arena, sink) => {
  const storage = new MemoryStorage(arena.bytes, sink);
  return {
    storage,
    directory: '/memory',
    open: async (layout) => storage.open(layout),
    fileBytes: async (store, name) => storage.fileBytes(store, name),
    close: async () => undefined,
  };
});
describeStorage('one disk worker', diskMaker(1));
describeStorage('three disk workers', diskMaker(3));
