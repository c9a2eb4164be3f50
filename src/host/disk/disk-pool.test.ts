// Every StoragePort there is, held to one word: the disk in each way that it can be told to work, memory, the simulator's disk,
// and each of them as it is heard through what stands between it and the engine.
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Bitfield } from '../../base/bitfield.ts';
import { StorageError } from '../../base/errors.ts';
import type { StoragePort, StoreId } from '../../engine/ports.ts';
import { Backlog } from '../../engine/scheduling/backlog.ts';
import { paceOf, SCHEDULINGS } from '../../engine/scheduling/scheduling.ts';
import { Geometry } from '../../engine/torrent/geometry.ts';
import { PeerRecorder } from '../../testing/peers/peer-recorder.ts';
import { StampedStorage } from '../../testing/simulator/stamped-storage.ts';
import { FAULTY_FILE_SYSTEM, type Faults, faultCounts } from '../../testing/storage/faulty-file-system.ts';
import { MemoryStorage } from '../../testing/storage/memory-storage.ts';
import { describeFullStorage, describeStorage, type StorageMaker } from '../../testing/storage/storage-conformance.ts';
import { StageTimes } from '../profile/stage-times.ts';
import { timedStoragePort, timedStorageSink } from '../profile/timed-ports.ts';
import { DiskPool, type DiskPoolOptions } from './disk-pool.ts';
import { FileMap } from './file-map.ts';
import { PartLayout } from './part-layout.ts';
import type { StoreLayout } from './store-layout.ts';

/** A way in which the disk is told to work. */
interface DiskWay extends Partial<Pick<DiskPoolOptions, 'workers' | 'hashing' | 'profile'>> {
  readonly preallocate?: boolean;
  /** Every file that can be is in the part-file, as if nobody wanted it. */
  readonly parted?: boolean;
  /** What was stored so far is made to survive a power cut after every batch, beside the next one. */
  readonly synced?: boolean;
  readonly faults?: Faults;
}

const WAYS: Readonly<Record<string, DiskWay>> = {
  'one disk worker': { workers: 1 },
  'two disk workers': { workers: 2 },
  'four disk workers': { workers: 4 },
  'one disk worker, hashing by node:crypto': { workers: 1, hashing: 'node' },
  'two disk workers, hashing by node:crypto': { workers: 2, hashing: 'node' },
  'four disk workers, hashing by node:crypto': { workers: 4, hashing: 'node' },
  'preallocated files': { workers: 2, preallocate: true },
  'a part-file': { workers: 2, parted: true },
  'files that are synced': { workers: 2, synced: true },
  'a disk that is measured': { workers: 2, profile: true },
  'a disk that moves few bytes at a time': { workers: 1, faults: { bytesMax: 40_000, openFilesMax: 5 } },
};

/** Synchronous: a shape has 2,000 files, and a Promise for each costs more than the test. */
function readIfPresent(file: string): Uint8Array | undefined {
  return existsSync(file) ? new Uint8Array(readFileSync(file)) : undefined;
}

/** Which files the part-file can have whole. */
function partable({ files, totalBytes, pieceBytes }: StoreLayout): boolean[] {
  const parts = new PartLayout(new Geometry(totalBytes, pieceBytes), files, new FileMap(files).starts);
  return files.map(({ length }, file) => {
    return length > 0 && parts.rangesOf(file).reduce((sum, range) => sum + range.length, 0) === length;
  });
}

/** The bytes of a file that is in the part-file; `undefined` when it is somewhere else, too, or cannot be read. */
async function partedBytes(pool: DiskPool, store: StoreId, layout: StoreLayout, index: number) {
  const { path: name, length } = layout.files[index]!;
  if (existsSync(path.join(layout.directory, name))) return undefined;
  return await pool.read(store, new FileMap(layout.files).starts[index]!, length).catch(() => undefined);
}

function syncing(pool: DiskPool, layouts: ReadonlyMap<StoreId, StoreLayout>): StoragePort {
  return {
    storeRuns: (batch, count) => {
      pool.storeRuns(batch, count);
      for (const [store, { totalBytes, pieceBytes }] of layouts) {
        const all = new Bitfield(new Geometry(totalBytes, pieceBytes).pieceCount);
        all.fill();
        void pool.sync(store, all);
      }
    },
    forgetPiece: (store, piece) => pool.forgetPiece(store, piece),
    readBlocks: (batch, count) => pool.readBlocks(batch, count),
  };
}

function diskMaker({ workers = 1, preallocate = false, parted, synced, faults, ...options }: DiskWay): StorageMaker {
  return async (arena, sink) => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'millrace-disk-'));
    const times = new StageTimes();
    const system = faults && { fileSystem: { url: FAULTY_FILE_SYSTEM, options: faults } };
    const heard = options.profile ? timedStorageSink(sink, times) : sink;
    const pool = new DiskPool({ arena, sink: heard, workers, ...options, ...system });
    const layouts = new Map<StoreId, StoreLayout>();
    const storage = synced ? syncing(pool, layouts) : pool;
    return {
      storage: options.profile ? timedStoragePort(storage, times) : storage,
      directory,
      open: async (plain) => {
        const apart = parted ? partable(plain) : undefined;
        const partFile = apart && { partFile: '.parts', parted: apart, selected: apart.map((is) => !is) };
        const layout = { ...plain, preallocate, ...partFile };
        const store = await pool.open(layout);
        layouts.set(store, layout);
        return store;
      },
      fileBytes: async (store, name) => {
        const layout = layouts.get(store)!;
        const index = layout.files.findIndex((file) => file.path === name);
        if (layout.parted?.[index]) return await partedBytes(pool, store, layout, index);
        return readIfPresent(path.join(directory, name));
      },
      close: async () => {
        await pool.close();
        await rm(directory, { recursive: true });
      },
    };
  };
}

const memoryMaker: StorageMaker = async (arena, sink) => {
  const storage = new MemoryStorage(arena.frames, sink);
  return {
    storage,
    directory: '/memory',
    open: async (layout) => storage.open(layout),
    fileBytes: async (store, name) => storage.fileBytes(store, name),
    close: async () => undefined,
  };
};

for (const [way, options] of Object.entries(WAYS)) {
  describeStorage(way, diskMaker(options), { preallocates: options.preallocate ?? false });
}

describeStorage('memory', memoryMaker);

for (const scheduling of SCHEDULINGS) {
  const pace = paceOf(scheduling);
  if (pace === undefined) continue;
  describeStorage(`memory, ${scheduling}`, async (arena, sink) => {
    const clock = { nowMs: () => performance.now() };
    const backlog = new Backlog({ pace, clock, plan: (delayMs, deliver) => void setTimeout(deliver, delayMs) });
    backlog.start(new PeerRecorder(), sink);
    return await memoryMaker(arena, backlog);
  });
}

const PERFECT = {
  latencyMs: 1,
  jitterMs: 3,
  bytesPerSecond: 1e8,
  capacityBytes: Number.POSITIVE_INFINITY,
  failures: 0,
  shortWrites: 0.5,
  rots: 0,
};

const simulated = async (...[arena, sink]: Parameters<StorageMaker>) => {
  const storage = new StampedStorage(arena, sink, { ...PERFECT });
  return {
    storage,
    directory: '/simulated',
    open: async (layout: StoreLayout) => storage.open(layout),
    fileBytes: async (store: StoreId, name: string) => storage.fileBytes(store, name),
    close: async () => undefined,
  };
};

describeStorage('the simulator’s disk', simulated, { wholeBlocks: true });

describeFullStorage('memory', async (arena, sink) => {
  let full = false;
  const storage = new MemoryStorage(arena.frames, sink, () => {
    return full ? new StorageError('ERR_STORAGE_FULL', 'No space left in memory') : undefined;
  });
  return {
    ...(await memoryMaker(arena, sink)),
    storage,
    open: async (layout) => storage.open(layout),
    fileBytes: async (store, name) => storage.fileBytes(store, name),
    setFull: (value) => {
      full = value;
    },
  };
});
describeFullStorage('disk', async (arena, sink) => {
  const refuseWrites = faultCounts();
  const subject = await diskMaker({ workers: 1, faults: { errno: 'ENOSPC', refuseWrites } })(arena, sink);
  return Object.assign(subject, {
    setFull: (full: boolean) => {
      refuseWrites[0] = full ? 1 : 0;
    },
  });
});
describeFullStorage('the simulator’s disk', async (arena, sink) => {
  const subject = await simulated(arena, sink);
  return Object.assign(subject, {
    setFull: (full: boolean) => {
      subject.storage.disk.habits.capacityBytes = full ? 0 : Number.POSITIVE_INFINITY;
    },
  });
});
