// Who owns which frames of piece memory (design, invariants 1 and 2). A buddy allocator: a slot is a power of two of
// 16 KiB frames, aligned to its size, so that giving it back joins it with its free neighbour in O(log) steps.
// Always the lowest address that fits: the same few pages are used again and again, and the others are never touched.
//
//   free ──reserve──▶ receiving ──▶ storing ──▶ serving ──release──▶ free        (any state may be released)
//                         │                      ▲    │
//                         └── read from disk ────┘    └──park──▶ cached ──retain──▶ serving, or release ──▶ free
//
// What is cached serves nobody at the moment and is there for the taking: it does not count as used, and gives way
// (`relief`) before a download is refused.
import { assert } from '../../base/assert.ts';
import { SLOT_ORDER_MAX } from '../limits.ts';
import { BLOCK_BYTES, RUN_BYTES } from '../torrent/geometry.ts';
import { FreeSet } from './free-set.ts';

/** What a slot is for; named in leak reports. */
export type SlotOwner = 'run' | 'duplicate' | 'upload';

/** Where a reserved slot is in its life. */
export type SlotState = 'receiving' | 'storing' | 'serving' | 'cached';

const OWNERS: readonly SlotOwner[] = ['run', 'duplicate', 'upload'];
const STATES: readonly ('free' | SlotState)[] = ['free', 'receiving', 'storing', 'serving', 'cached'];
const FREE = 0;
const RECEIVING = 1;
const STORING = 2;
const SERVING = 3;
const CACHED = 4;

export interface SlotLedgerOptions {
  /** Told of each slot as it becomes free; tests poison its bytes there. */
  readonly onRelease?: (place: number, frames: number) => void;
}

/** The ledger of an arena of `frames` frames. Pure book-keeping: it never sees a byte of the arena. */
export class SlotLedger {
  readonly frames: number;
  /** Free slots by order; a member is a place divided by the slot's size. */
  readonly #free: FreeSet[] = [];
  // Facts of a reserved slot, kept at its first frame.
  readonly #state: Uint8Array;
  readonly #order: Uint8Array;
  readonly #owner: Uint8Array;
  readonly #shares: Uint32Array;
  readonly #onRelease: ((place: number, frames: number) => void) | undefined;
  #reservedFrames = 0;
  /** Frames in slots that are kept only because they may be asked for again. */
  #cachedFrames = 0;
  #peakFrames = 0;
  /** Frees something that is cached, when a download lacks room; returns whether there was anything. */
  relief: () => boolean = () => false;

  constructor(frames: number, options: SlotLedgerOptions = {}) {
    assert(Number.isInteger(frames) && frames > 0, 'an arena has frames');
    this.frames = frames;
    this.#state = new Uint8Array(frames);
    this.#order = new Uint8Array(frames);
    this.#owner = new Uint8Array(frames);
    this.#shares = new Uint32Array(frames);
    this.#onRelease = options.onRelease;
    for (let order = 0; order <= SLOT_ORDER_MAX; order++) this.#free.push(new FreeSet((frames >>> order) + 1));
    for (let place = 0; place < frames; ) {
      let order = SLOT_ORDER_MAX;
      while (place % (1 << order) !== 0 || place + (1 << order) > frames) order--;
      this.#free[order]!.add(place >>> order);
      place += 1 << order;
    }
  }

  /** Frames in slots that somebody needs, with what rounding up to a power of two adds. */
  get usedFrames(): number {
    return this.#reservedFrames - this.#cachedFrames;
  }

  get freeFrames(): number {
    return this.frames - this.#reservedFrames;
  }

  /** The most frames that were ever used at once: what the arena costs in memory. */
  get peakFrames(): number {
    return this.#peakFrames;
  }

  /** Reserves a slot for `bytes` (1 … RUN_BYTES) and returns its first frame, or −1 when no room is left. */
  reserve(bytes: number, owner: SlotOwner): number {
    assert(bytes > 0 && bytes <= RUN_BYTES, 'a slot holds 1 byte to one run');
    const order = orderFor(bytes);
    let place = this.#take(order, owner);
    // Downloads have precedence; what uploads may displace is their cache's own decision.
    while (place < 0 && owner !== 'upload' && this.relief()) place = this.#take(order, owner);
    return place;
  }

  #take(order: number, owner: SlotOwner): number {
    let from = order;
    let member = -1;
    for (; from <= SLOT_ORDER_MAX; from++) {
      member = this.#free[from]!.lowest();
      if (member >= 0) break;
    }
    if (member < 0) return -1;
    this.#free[from]!.delete(member);
    const place = member << from;
    // The upper halves of a slot that is larger than needed stay free.
    while (from > order) {
      from--;
      this.#free[from]!.add((place >>> from) + 1);
    }
    this.#state[place] = RECEIVING;
    this.#order[place] = order;
    this.#owner[place] = OWNERS.indexOf(owner);
    this.#shares[place] = 1;
    this.#reservedFrames += 1 << order;
    if (this.#reservedFrames > this.#peakFrames) this.#peakFrames = this.#reservedFrames;
    return place;
  }

  /** Passes the slot to the disk: no socket may write there from now on. */
  beginStoring(place: number): void {
    this.#expect(place, RECEIVING, 'storing');
    this.#state[place] = STORING;
  }

  /** Opens the slot for uploads; its bytes are verified (or were read from a verified piece). */
  beginServing(place: number): void {
    if (this.#state[place] !== STORING) this.#expect(place, RECEIVING, 'serving');
    this.#state[place] = SERVING;
  }

  /** One more user of a slot that is being served; each one releases it. */
  retain(place: number): void {
    if (this.#state[place] === CACHED) {
      this.#state[place] = SERVING;
      this.#cachedFrames -= 1 << this.#order[place]!;
    } else {
      this.#expect(place, SERVING, 'retain');
    }
    this.#shares[place]!++;
  }

  /** Ends one use of a slot that is being served; after the last one its bytes are kept until it is released. */
  park(place: number): void {
    this.#expect(place, SERVING, 'park');
    this.#shares[place]!--;
    if (this.#shares[place]! > 0) return;
    this.#state[place] = CACHED;
    this.#cachedFrames += 1 << this.#order[place]!;
  }

  /** Ends one use of the slot; the last one frees it. */
  release(place: number): void {
    if (!this.#isReserved(place)) assert(false, this.#surprise(place, 'release'));
    let order = this.#order[place]!;
    if (this.#state[place] === CACHED) {
      this.#cachedFrames -= 1 << order;
    } else {
      this.#shares[place]!--;
      if (this.#shares[place]! > 0) return;
    }
    this.#state[place] = FREE;
    this.#reservedFrames -= 1 << order;
    this.#onRelease?.(place, 1 << order);
    let member = place >>> order;
    while (order < SLOT_ORDER_MAX && this.#free[order]!.has(member ^ 1)) {
      this.#free[order]!.delete(member ^ 1);
      member >>>= 1;
      order++;
    }
    this.#free[order]!.add(member);
  }

  /** State of the slot that begins at `place`; `free` when none does. */
  stateOf(place: number): 'free' | SlotState {
    return STATES[this.#state[place] ?? FREE]!;
  }

  /** Frames of the reserved slot that begins at `place`. */
  framesOf(place: number): number {
    if (!this.#isReserved(place)) assert(false, this.#surprise(place, 'size'));
    return 1 << this.#order[place]!;
  }

  /** One line for each slot that is still reserved; empty when nothing leaked. */
  describeLeaks(): string[] {
    const leaks: string[] = [];
    for (let place = 0; place < this.frames; place++) {
      if (!this.#isReserved(place)) continue;
      const owner = OWNERS[this.#owner[place]!]!;
      leaks.push(`${owner} slot at ${place}, ${this.framesOf(place)} frames, ${this.stateOf(place)}`);
    }
    return leaks;
  }

  #isReserved(place: number): boolean {
    return place >= 0 && place < this.frames && this.#state[place] !== FREE;
  }

  #expect(place: number, state: number, wish: string): void {
    if (this.#state[place] !== state) assert(false, this.#surprise(place, wish));
  }

  #surprise(place: number, wish: string): string {
    return `${wish} of place ${place}, which is ${this.stateOf(place)}`;
  }
}

/** Smallest order whose slot holds `bytes`. */
function orderFor(bytes: number): number {
  const frames = Math.ceil(bytes / BLOCK_BYTES);
  return 32 - Math.clz32(frames - 1);
}
