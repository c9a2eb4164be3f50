// Stretches in the order in which they were last used. Intrusive: moving one allocates nothing.
import type { Stretch } from './stretch.ts';

/** A list from the least to the most recently used. A stretch is in at most one list. */
export class StretchList {
  frames = 0;
  #oldest: Stretch | undefined;
  #youngest: Stretch | undefined;

  get oldest(): Stretch | undefined {
    return this.#oldest;
  }

  add(stretch: Stretch): void {
    stretch.older = this.#youngest;
    stretch.younger = undefined;
    if (this.#youngest === undefined) this.#oldest = stretch;
    else this.#youngest.younger = stretch;
    this.#youngest = stretch;
    this.frames += stretch.frames;
    stretch.list = this;
  }

  remove(stretch: Stretch): void {
    if (stretch.older === undefined) this.#oldest = stretch.younger;
    else stretch.older.younger = stretch.younger;
    if (stretch.younger === undefined) this.#youngest = stretch.older;
    else stretch.younger.older = stretch.older;
    stretch.older = undefined;
    stretch.younger = undefined;
    this.frames -= stretch.frames;
    stretch.list = undefined;
  }
}
