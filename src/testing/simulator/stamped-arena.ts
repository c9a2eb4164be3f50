// Piece memory without bytes: each frame holds a number, its stamp, that says which block is in it. It is loud when two
// own a place at once, when somebody writes to what he does not own, and when a place is freed or given away that is
// still owned or being sent.
import { assert } from '../../base/assert.ts';
import { SlotLedger } from '../../engine/memory/slot-ledger.ts';

/** What a frame holds that nothing was received into since it was last free. */
export const POISON = 0;

/** The owner of a place that a disk worker has; peers' links are owners by their number, web seeds by one below this. */
export const DISK_OWNER = -1;
const NOBODY = 0;

export class StampedArena {
  readonly ledger: SlotLedger;
  readonly #stamps: Int32Array;
  readonly #owners: Int32Array;
  /** Links that each frame is being sent to. */
  readonly #readers: Uint16Array;

  constructor(frames: number) {
    this.#stamps = new Int32Array(frames).fill(POISON);
    this.#owners = new Int32Array(frames).fill(NOBODY);
    this.#readers = new Uint16Array(frames);
    this.ledger = new SlotLedger(frames, { onRelease: (place, count) => this.#released(place, count) });
  }

  /** `owner` may use these frames from now on, and nobody else. */
  claim(place: number, frames: number, owner: number): void {
    for (let frame = place; frame < place + frames; frame++) {
      if (this.#owners[frame] !== NOBODY)
        assert(false, `place ${frame} is given to ${owner} and ${this.#owners[frame]}`);
      if (this.#readers[frame] !== 0) assert(false, `place ${frame} is given to ${owner} while it is being sent`);
      this.#owners[frame] = owner;
    }
  }

  letGo(place: number, frames: number, owner: number): void {
    for (let frame = place; frame < place + frames; frame++) {
      if (this.#owners[frame] !== owner) assert(false, `${owner} lets go of place ${frame}, which is not its own`);
      this.#owners[frame] = NOBODY;
    }
  }

  /** A frame is being sent to one link more; several may at once, and nobody may write there. */
  beginReading(place: number): void {
    if (this.#owners[place] !== NOBODY) assert(false, `place ${place} is sent while ${this.#owners[place]} owns it`);
    this.#readers[place]!++;
  }

  endReading(place: number): void {
    if (this.#readers[place] === 0) assert(false, `place ${place} is being sent`);
    this.#readers[place]!--;
  }

  write(place: number, stamp: number, owner: number): void {
    if (this.#owners[place] !== owner) assert(false, `${owner} writes to place ${place}, which is not its own`);
    this.#stamps[place] = stamp;
  }

  read(place: number): number {
    return this.#stamps[place]!;
  }

  move(from: number, to: number): void {
    const owner = this.#owners[from]! || this.#owners[to]!;
    if (owner !== NOBODY) assert(false, `a move from place ${from} to ${to} while ${owner} owns one of them`);
    const moved = this.#stamps[from]!;
    this.#stamps[from] = this.#stamps[to]!;
    this.#stamps[to] = moved;
  }

  /** What was left behind: reserved slots, and places that somebody owns. */
  leftovers(): string[] {
    const owned: string[] = [];
    this.#owners.forEach((owner, place) => {
      if (owner !== NOBODY) owned.push(`${nameOf(owner)} owns place ${place}`);
    });
    this.#readers.forEach((readers, place) => {
      if (readers > 0) owned.push(`place ${place} is being sent`);
    });
    return [...this.ledger.describeLeaks(), ...owned];
  }

  #released(place: number, count: number): void {
    for (let frame = place; frame < place + count; frame++) {
      if (this.#owners[frame] !== NOBODY) assert(false, `place ${frame} is freed while ${this.#owners[frame]} owns it`);
      if (this.#readers[frame] !== 0) assert(false, `place ${frame} is freed while it is being sent`);
      this.#stamps[frame] = POISON;
    }
  }
}

function nameOf(owner: number): string {
  if (owner === DISK_OWNER) return 'the disk';
  return owner > NOBODY ? `link ${owner}` : `web seed ${DISK_OWNER - 1 - owner}`;
}
