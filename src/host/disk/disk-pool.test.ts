import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { StorageError } from '../../base/errors.ts';
import { FAULTY_FILE_SYSTEM, type Faults, faultCounts } from '../../testing/storage/faulty-file-system.ts';
import { MemoryStorage } from '../../testing/storage/memory-storage.ts';
import { describeFullStorage, describeStorage, type StorageMaker } from '../../testing/storage/storage-conformance.ts';
import { DiskPool, type DiskPoolOptions } from './disk-pool.ts';

/** Synchronous: a shape has 2,000 files, and a Promise for each costs more than the test. */
function readIfPresent(file: string): Uint8Array | undefined {
  return existsSync(file) ? new Uint8Array(readFileSync(file)) : undefined;
}

function faultySystem(faults: Faults): Pick<DiskPoolOptions, 'fileSystem'> {
  return Object.keys(faults).length > 0 ? { fileSystem: { url: FAULTY_FILE_SYSTEM, options: faults } } : {};
}

function diskMaker(workers: number, faults: Faults = {}): StorageMaker {
  return async (arena, sink) => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'millrace-disk-'));
    const storage = new DiskPool({ arena, sink, workers, ...faultySystem(faults) });
    return {
      storage,
      directory,
      open: (layout) => storage.open(layout),
      fileBytes: async (_, name) => readIfPresent(path.join(directory, name)),
      close: async () => {
        await storage.close();
        await rm(directory, { recursive: true });
      },
    };
  };
}

describeStorage('memory', async (arena, sink) => {
  const storage = new MemoryStorage(arena.frames, sink);
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
describeStorage('a disk that moves few bytes at a time', diskMaker(1, { bytesMax: 40_000, openFilesMax: 5 }));

describeFullStorage('memory', async (arena, sink) => {
  let full = false;
  const storage = new MemoryStorage(arena.frames, sink, () => {
    return full ? new StorageError('ERR_STORAGE_FULL', 'No space left in memory') : undefined;
  });
  return {
    storage,
    directory: '/memory',
    open: async (layout) => storage.open(layout),
    fileBytes: async (store, name) => storage.fileBytes(store, name),
    close: async () => undefined,
    setFull: (value) => {
      full = value;
    },
  };
});
describeFullStorage('disk', async (arena, sink) => {
  const refuseWrites = faultCounts();
  const subject = await diskMaker(1, { errno: 'ENOSPC', refuseWrites })(arena, sink);
  return Object.assign(subject, {
    setFull: (full: boolean) => {
      refuseWrites[0] = full ? 1 : 0;
    },
  });
});
