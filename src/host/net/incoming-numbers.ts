// Numbers for links that others dial. They are odd, for the engine numbers those that it dials evenly, and none is given twice
// however many threads let strangers in: the counter lies in shared memory.
import type { LinkId } from '../../engine/ports.ts';

export class IncomingNumbers {
  readonly memory: SharedArrayBuffer;
  readonly #next: Int32Array;

  /** `memory` is what another one was made with, perhaps in another thread. */
  constructor(memory?: SharedArrayBuffer) {
    this.memory = memory ?? new SharedArrayBuffer(4);
    this.#next = new Int32Array(this.memory);
    if (memory === undefined) this.#next[0] = 1;
  }

  next(): LinkId {
    return Atomics.add(this.#next, 0, 2);
  }
}
