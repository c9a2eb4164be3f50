// Endgame duplicates: blocks that were asked of a second or third peer, each with a place of its own.
// Kept as columns of numbers; there are few, so looking one up is a walk.

import type { LinkId } from '../ports.ts';
import { DUPLICATES_MAX } from './limits.ts';

const NONE = new Int32Array(0);

export class Duplicates {
  // Made when the first one comes: most torrents never have any.
  links: Int32Array = NONE;
  pieces: Int32Array = NONE;
  blocks: Int32Array = NONE;
  places: Int32Array = NONE;
  /** 1 when the duplicate is complete in its place, which its link does not hold any more. */
  landed: Int32Array = NONE;
  count = 0;

  get full(): boolean {
    return this.count === DUPLICATES_MAX;
  }

  add(link: LinkId, piece: number, block: number, place: number): void {
    if (this.links === NONE) this.#make();
    const at = this.count++;
    this.links[at] = link;
    this.pieces[at] = piece;
    this.blocks[at] = block;
    this.places[at] = place;
    this.landed[at] = 0;
  }

  #make(): void {
    this.links = new Int32Array(DUPLICATES_MAX);
    this.pieces = new Int32Array(DUPLICATES_MAX);
    this.blocks = new Int32Array(DUPLICATES_MAX);
    this.places = new Int32Array(DUPLICATES_MAX);
    this.landed = new Int32Array(DUPLICATES_MAX);
  }

  remove(at: number): void {
    const last = --this.count;
    this.links[at] = this.links[last]!;
    this.pieces[at] = this.pieces[last]!;
    this.blocks[at] = this.blocks[last]!;
    this.places[at] = this.places[last]!;
    this.landed[at] = this.landed[last]!;
  }

  /** The duplicate that the link still owes, or −1. */
  findOwed(link: LinkId, piece: number, block: number): number {
    for (let at = 0; at < this.count; at++) {
      if (this.links[at] !== link || this.landed[at] === 1) continue;
      if (this.pieces[at] === piece && this.blocks[at] === block) return at;
    }
    return -1;
  }

  /** The duplicate of a block that is complete and waits for the block's place, or −1. */
  findLanded(piece: number, block: number): number {
    for (let at = 0; at < this.count; at++) {
      if (this.landed[at] === 1 && this.pieces[at] === piece && this.blocks[at] === block) return at;
    }
    return -1;
  }

  /** True while a link owes a duplicate of a block between these two of the piece. */
  owedBetween(piece: number, first: number, end: number): boolean {
    for (let at = 0; at < this.count; at++) {
      if (this.landed[at] === 1 || this.pieces[at] !== piece) continue;
      if (this.blocks[at]! >= first && this.blocks[at]! < end) return true;
    }
    return false;
  }

  copiesOf(piece: number, block: number): number {
    let copies = 0;
    for (let at = 0; at < this.count; at++) {
      if (this.pieces[at] === piece && this.blocks[at] === block) copies++;
    }
    return copies;
  }
}
