// What is done to a torrent's files while it runs.
import type { Bitfield } from '../base/bitfield.ts';
import type { Torrent as EngineTorrent } from '../engine/torrent/torrent.ts';
import type { Core } from './core.ts';

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

/** Checks a torrent that stands still meanwhile: peers are let go, so that they hear the new bitfield when they return. */
export async function recheckStill(core: Core, engine: EngineTorrent, check: () => Promise<Bitfield>): Promise<void> {
  engine.dispatch({ type: 'pause' });
  await core.standStill(engine);
  engine.dispatch({ type: 'rechecked', had: await check() });
}
