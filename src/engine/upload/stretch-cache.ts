// What was read from disk for peers and may be asked for again: one cache over all torrents of a session, in piece
// memory, under the same cap as everything else. Downloads have precedence (`ledger.relief`); what is on its way to a
// peer is pinned and stays.
//
// Stretches that nobody uses are in one of three lists, and are evicted in this order:
//   spent    given away completely, to one peer alone. Few are kept: a peer that fetches a whole torrent must not wash
//            everything else out, and memory that is used again soon is still in the processor's caches.
//   pending  read, but not given away completely: somebody is about to ask for the rest
//   hot      asked for by more than one peer
import { assert } from '../../base/assert.ts';
import type { SlotLedger } from '../memory/slot-ledger.ts';
import { BLOCK_BYTES, type PieceIndex } from '../torrent/geometry.ts';
import { SPENT_BYTES_MAX, UPLOAD_MEMORY_BYTES_MAX, UPLOAD_MEMORY_SHARE } from './limits.ts';
import { Stretch } from './stretch.ts';
import { StretchList } from './stretch-list.ts';
import type { StretchTable } from './stretch-table.ts';

const SPENT_FRAMES_MAX: number = SPENT_BYTES_MAX / BLOCK_BYTES;

/** A part of a piece that is to be read. */
export interface StretchRange {
  readonly piece: PieceIndex;
  readonly begin: number;
  readonly length: number;
}

/** The cache of a session. */
export class StretchCache {
  readonly #ledger: SlotLedger;
  readonly #byPlace: (Stretch | undefined)[];
  readonly #spent = new StretchList();
  readonly #pending = new StretchList();
  readonly #hot = new StretchList();
  /** Frames of all stretches, those being read or sent included. */
  #frames = 0;

  constructor(ledger: SlotLedger) {
    this.#ledger = ledger;
    this.#byPlace = new Array<Stretch | undefined>(ledger.frames).fill(undefined);
    ledger.relief = () => this.#evict();
  }

  /** Frames that uploads may use: less while anybody downloads. */
  get framesMax(): number {
    const others = this.#ledger.frames - this.#ledger.freeFrames - this.#frames;
    const share = this.#ledger.frames * UPLOAD_MEMORY_SHARE;
    return others > 0
      ? share
      : Math.max(share, Math.min(UPLOAD_MEMORY_BYTES_MAX / BLOCK_BYTES, this.#ledger.frames / 2));
  }

  /** Makes room for a range that is about to be read for the peer of `link`; `undefined` when there is none. */
  open(table: StretchTable, range: StretchRange, link: number): Stretch | undefined {
    const wanted = 2 ** Math.ceil(Math.log2(Math.ceil(range.length / BLOCK_BYTES)));
    while (this.#frames + wanted > this.framesMax) if (!this.#evict()) return undefined;
    let place = this.#ledger.reserve(range.length, 'upload');
    while (place < 0 && this.#evict()) place = this.#ledger.reserve(range.length, 'upload');
    if (place < 0) return undefined;
    const frames = this.#ledger.framesOf(place);
    const stretch = new Stretch({ table, ...range, place, frames, firstLink: link });
    this.#byPlace[place] = stretch;
    this.#frames += frames;
    table.add(stretch);
    table.busy++;
    return stretch;
  }

  /** The read into `place` has ended. Returns the stretch, whose state says whether it can be used. */
  readDone(place: number, ok: boolean): Stretch {
    const stretch = this.#byPlace[place];
    assert(stretch !== undefined && stretch.state === 'reading', `place ${place} is being read`);
    stretch.table.busy--;
    if (stretch.dropped || !ok) {
      this.#free(stretch);
      return stretch;
    }
    stretch.state = 'ready';
    this.#ledger.beginServing(place);
    this.#ledger.park(place);
    this.#pending.add(stretch);
    return stretch;
  }

  /** `bytes` of a ready stretch are being sent to the peer of `link`: they stay until `unpin`. */
  pin(stretch: Stretch, link: number, bytes: number): void {
    this.#ledger.retain(stretch.place);
    if (stretch.pins++ === 0) {
      stretch.list?.remove(stretch);
      stretch.table.busy++;
    }
    stretch.givenBytes += bytes;
    if (link !== stretch.firstLink) stretch.hot = true;
  }

  unpin(stretch: Stretch): void {
    this.#ledger.park(stretch.place);
    if (--stretch.pins > 0) return;
    stretch.table.busy--;
    if (stretch.dropped) return this.#free(stretch);
    if (stretch.hot) this.#hot.add(stretch);
    else if (stretch.givenBytes < stretch.length) this.#pending.add(stretch);
    else this.#spent.add(stretch);
    while (this.#spent.frames > SPENT_FRAMES_MAX) this.#free(this.#spent.oldest!);
  }

  /** Nothing of this torrent, or of one piece, is given any more: what nobody uses goes at once, the rest when it is let go of. */
  drop(table: StretchTable, piece?: PieceIndex): void {
    for (const stretch of table.all()) {
      if (piece !== undefined && stretch.piece !== piece) continue;
      if (stretch.state === 'reading' || stretch.pins > 0) {
        stretch.dropped = true;
        table.remove(stretch);
      } else {
        this.#free(stretch);
      }
    }
  }

  #evict(): boolean {
    const victim = this.#spent.oldest ?? this.#pending.oldest ?? this.#hot.oldest;
    if (victim !== undefined) this.#free(victim);
    return victim !== undefined;
  }

  #free(stretch: Stretch): void {
    stretch.list?.remove(stretch);
    if (!stretch.dropped) stretch.table.remove(stretch);
    stretch.state = 'gone';
    this.#byPlace[stretch.place] = undefined;
    this.#frames -= stretch.frames;
    this.#ledger.release(stretch.place);
  }
}
