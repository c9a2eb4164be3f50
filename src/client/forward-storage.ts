// The disk is made before whoever hears from it.
import type { StorageSink } from '../engine/ports.ts';

/** Hands everything on to a sink that is there by the time anything comes. */
export function forwardStorage(sink: () => StorageSink): StorageSink {
  return {
    runsStored: (batch, count) => sink().runsStored(batch, count),
    blocksDiffered: (batch, count) => sink().blocksDiffered(batch, count),
    blocksRead: (batch, count) => sink().blocksRead(batch, count),
    storageFailed: (store, error) => sink().storageFailed(store, error),
  };
}
