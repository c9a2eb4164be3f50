// A DiskPool over a folder of its own, with what a test needs around it. Close it when the test ends.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { StoreId } from '../../engine/ports.ts';
import { RUN_BLOCKS } from '../../engine/torrent/geometry.ts';
import { DiskPool, type DiskPoolOptions } from '../../host/disk/disk-pool.ts';
import { Arena } from '../../host/memory/arena.ts';
import { RunLoader, runsOf } from './run-loader.ts';
import { type SampleFile, type SampleTorrent, sampleTorrent } from './sample-torrent.ts';
import { StorageRecorder } from './storage-recorder.ts';

export class TemporaryDisk {
  readonly directory: string;
  readonly pool: DiskPool;
  readonly arena: Arena;
  readonly sink: StorageRecorder = new StorageRecorder();
  readonly #root: string;

  private constructor(root: string, options: Partial<DiskPoolOptions>) {
    this.#root = root;
    this.directory = path.join(root, 'download');
    this.arena = options.arena ?? new Arena(RUN_BLOCKS * 8);
    this.pool = new DiskPool({ workers: 1, ...options, arena: this.arena, sink: this.sink });
  }

  static async create(options: Partial<DiskPoolOptions> = {}): Promise<TemporaryDisk> {
    return new TemporaryDisk(await mkdtemp(path.join(os.tmpdir(), 'millrace-disk-')), options);
  }

  torrent(pieceBytes: number, files: readonly SampleFile[]): SampleTorrent {
    return sampleTorrent(this.directory, pieceBytes, files);
  }

  /** Stores every run of a torrent in order, as many at once as the arena holds. */
  async storeAll(store: StoreId, torrent: SampleTorrent): Promise<void> {
    const loader = new RunLoader(this.arena, torrent);
    const runs = runsOf(torrent.geometry);
    const before = this.sink.stored.length;
    const atOnce = Math.floor(this.arena.frames.count / RUN_BLOCKS);
    for (let start = 0; start < runs.length; start += atOnce) {
      const batch = runs.slice(start, start + atOnce).flatMap(([piece, run]) => loader.load(store, piece, run));
      this.pool.storeRuns(Int32Array.from(batch), batch.length / 4);
      await this.sink.storedRuns(before + Math.min(runs.length, start + atOnce));
    }
  }

  async close(): Promise<void> {
    await this.pool.close();
    await rm(this.#root, { recursive: true });
  }
}
