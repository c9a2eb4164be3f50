// Puts runs of a made-up torrent into the arena, as if they had been downloaded.
import type { StoreId } from '../../engine/ports.ts';
import { type Geometry, type PieceIndex, RUN_BLOCKS, RUN_BYTES } from '../../engine/torrent/geometry.ts';
import type { Arena } from '../../host/memory/arena.ts';
import type { SampleTorrent } from './sample-torrent.ts';

/** Gives frames to the runs of a torrent, one place after the other, and fills them with its bytes. */
export class RunLoader {
  readonly #arena: Arena;
  readonly #torrent: SampleTorrent;
  #nextPlace = 0;

  constructor(arena: Arena, torrent: SampleTorrent) {
    this.#arena = arena;
    this.#torrent = torrent;
  }

  /** A `storeRuns` record for a run whose bytes are in its place. */
  load(store: StoreId, piece: number, run: number): readonly number[] {
    const { geometry, payload } = this.#torrent;
    const index = piece as PieceIndex;
    const place = this.#nextPlace;
    if (place + RUN_BLOCKS > this.#arena.frames.count) this.#nextPlace = 0;
    const at = this.#nextPlace;
    this.#nextPlace += geometry.blocksInRun(index, run);
    const start = geometry.pieceOffset(index) + run * RUN_BYTES;
    this.#arena.frames.set(at, payload.subarray(start, start + geometry.runBytes(index, run)));
    return [store, piece, run, at];
  }
}

/** Every (piece, run) of a torrent. */
export function runsOf(geometry: Geometry): (readonly [piece: number, run: number])[] {
  const runs: (readonly [number, number])[] = [];
  for (let piece = 0; piece < geometry.pieceCount; piece++) {
    for (let run = 0; run < geometry.runsIn(piece as PieceIndex); run++) runs.push([piece, run]);
  }
  return runs;
}
