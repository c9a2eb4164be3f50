// Piece memory without bytes: each frame holds a stamp that says which block is in it, and knows who may write there.
// It fails the test when two own a place at once, or when a place is given back while somebody may still write to it.
import { assert } from '../../base/assert.ts';
import { SlotLedger } from '../../engine/memory/slot-ledger.ts';

/** What a frame holds that nothing was received into since it was last free. */
const POISON = 'poison';

/** What a block is, as far as a simulation cares. A bad one does not match its piece's hash. */
export function stampOf(piece: number, begin: number, bad: boolean): string {
  return `${piece}:${begin}${bad ? ':bad' : ''}`;
}

export class SimulatedArena {
  readonly ledger: SlotLedger;
  readonly #stamps: string[];
  readonly #owners: (string | undefined)[];
  /** Links that each frame is being sent to. */
  readonly #readers: Uint16Array;

  constructor(frames: number) {
    this.#stamps = new Array<string>(frames).fill(POISON);
    this.#owners = new Array<string | undefined>(frames).fill(undefined);
    this.#readers = new Uint16Array(frames);
    this.ledger = new SlotLedger(frames, { onRelease: (place, count) => this.#released(place, count) });
  }

  /** `owner` may use these frames from now on, and nobody else. */
  claim(place: number, frames: number, owner: string): void {
    for (let frame = place; frame < place + frames; frame++) {
      const other = this.#owners[frame];
      assert(other === undefined, `place ${frame} is given to ${owner} while ${other} owns it`);
      assert(this.#readers[frame] === 0, `place ${frame} is given to ${owner} while it is being sent`);
      this.#owners[frame] = owner;
    }
  }

  /** `owner` lets go. */
  letGo(place: number, frames: number, owner: string): void {
    for (let frame = place; frame < place + frames; frame++) {
      assert(this.#owners[frame] === owner, `${owner} lets go of place ${frame}, which ${this.#owners[frame]} owns`);
      this.#owners[frame] = undefined;
    }
  }

  /** A frame is being sent to one link more; several may at once, and nobody may write there. */
  beginReading(place: number): void {
    assert(this.#owners[place] === undefined, `place ${place} is sent while ${this.#owners[place]} owns it`);
    this.#readers[place]!++;
  }

  endReading(place: number): void {
    assert(this.#readers[place]! > 0, `place ${place} is being sent`);
    this.#readers[place]!--;
  }

  write(place: number, stamp: string, owner: string): void {
    assert(this.#owners[place] === owner, `${owner} writes to place ${place}, which ${this.#owners[place]} owns`);
    this.#stamps[place] = stamp;
  }

  read(place: number): string {
    return this.#stamps[place]!;
  }

  move(from: number, to: number): void {
    const owner = this.#owners[from] ?? this.#owners[to];
    assert(owner === undefined, `a move from place ${from} to ${to} while ${owner} owns one of them`);
    const moved = this.#stamps[from]!;
    this.#stamps[from] = this.#stamps[to]!;
    this.#stamps[to] = moved;
  }

  /** Places that somebody owns; empty when everybody has let go. */
  owned(): string[] {
    const owned = this.#owners.flatMap((owner, place) => (owner === undefined ? [] : [`${owner} owns place ${place}`]));
    const read = [...this.#readers.keys()].filter((place) => this.#readers[place]! > 0);
    return [...owned, ...read.map((place) => `place ${place} is being sent`)];
  }

  #released(place: number, count: number): void {
    for (let frame = place; frame < place + count; frame++) {
      assert(this.#owners[frame] === undefined, `place ${frame} is freed while ${this.#owners[frame]} owns it`);
      assert(this.#readers[frame] === 0, `place ${frame} is freed while it is being sent`);
      this.#stamps[frame] = POISON;
    }
  }
}
