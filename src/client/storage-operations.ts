// What is done to a torrent's files while it runs.
import type { Bitfield } from '../base/bitfield.ts';
import { StorageError } from '../base/errors.ts';
import type { Geometry } from '../engine/torrent/geometry.ts';
import type { Torrent as EngineTorrent } from '../engine/torrent/torrent.ts';
import type { FileStat } from '../host/disk/file-stats.ts';
import type { StoreLayout } from '../host/disk/store-layout.ts';
import type { Core } from './core.ts';
import { FilePlacement } from './file-placement.ts';

/** A torrent's files, opened, and what was there before. */
export interface OpenedStore {
  readonly store: number;
  readonly stats: readonly (FileStat | undefined)[];
  readonly placement: FilePlacement;
}

/** Opens the files; those that are skipped and not there stay in the part-file. */
export async function openStore(core: Core, layout: StoreLayout, geometry: Geometry): Promise<OpenedStore> {
  const { files, selected = files.map(() => true) } = layout;
  const { store, stats } = await core.pool.openAsFound(layout);
  const placement = new FilePlacement({ core, geometry, files, store, selected });
  return { store, stats, placement };
}

/** Which pieces to hash, by default all, and who hears how far it is, 0…1. */
export interface CheckRequest {
  readonly pieces: Bitfield | undefined;
  readonly signal: AbortSignal;
  readonly onShare: (share: number) => void;
}

/** Hashes what is on disk, on all cores. */
export function checkStore(core: Core, store: number, { pieces, signal, onShare }: CheckRequest): Promise<Bitfield> {
  onShare(0);
  const onProgress = (done: number, total: number): void => onShare(total === 0 ? 1 : done / total);
  return core.pool.check(store, { ...(pieces && { pieces }), signal, onProgress });
}

/** Checks a torrent that stands still meanwhile: its peers stay, and hear what was lost. When that fails, it is left as it is. */
export async function recheckStill(
  core: Core,
  engine: EngineTorrent,
  check: () => Promise<Bitfield>,
): Promise<Bitfield> {
  engine.dispatch({ type: 'recheck' });
  await core.standStill(engine);
  try {
    const had = await check();
    engine.dispatch({ type: 'rechecked', had });
    return had;
  } catch (error) {
    if (error instanceof StorageError) engine.dispatch({ type: 'storage-failed', error });
    throw error;
  }
}
