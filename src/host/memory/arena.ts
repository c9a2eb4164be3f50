// Piece memory itself: frames in a SharedArrayBuffer, seen by the sockets' threads and the disk workers. Which place
// belongs to whom is not decided here: the engine's slot ledger (engine/memory) does that.
import { assert } from '../../base/assert.ts';
import { PIECE_MESSAGE_BYTES } from '../../protocol/wire/block.ts';
import { Frames } from '../../protocol/wire/frames.ts';
import { adviseHugePages } from './huge-pages.ts';
import { nativeCopy } from './native-copy.ts';

/** What another thread needs to see the same memory. */
export interface SharedArena {
  readonly buffer: SharedArrayBuffer;
  readonly table: SharedArrayBuffer;
}

/**
 * The arena. Its pages, huge ones where the system has them, are touched only when a slot is used, so an idle
 * client stays small.
 */
export class Arena {
  readonly shared: SharedArena;
  readonly frames: Frames;

  constructor(count: number) {
    assert(Number.isInteger(count) && count > 0, 'an arena has frames');
    const table = new SharedArrayBuffer(count * 2 * Int32Array.BYTES_PER_ELEMENT);
    this.shared = { buffer: new SharedArrayBuffer(count * PIECE_MESSAGE_BYTES), table };
    adviseHugePages(new Uint8Array(this.shared.buffer));
    Frames.fillTable(new Int32Array(table));
    this.frames = framesOf(this.shared);
  }
}

/** The same memory, seen from another thread. */
export function framesOf({ buffer, table }: SharedArena): Frames {
  return new Frames(new Uint8Array(buffer), new Int32Array(table), nativeCopy);
}
