// Piece memory itself: one SharedArrayBuffer cut into 16 KiB frames, seen by the sockets' thread and the disk workers.
// Which frame belongs to whom is not decided here: the engine's slot ledger (engine/memory) does that.
import { assert } from '../../base/assert.ts';
import { BLOCK_BYTES } from '../../engine/torrent/geometry.ts';

/** The arena. Its pages are touched only when a slot is used, so an idle client stays small. */
export class Arena {
  readonly buffer: SharedArrayBuffer;
  readonly bytes: Uint8Array;
  readonly frames: number;

  constructor(frames: number, buffer: SharedArrayBuffer = new SharedArrayBuffer(frames * BLOCK_BYTES)) {
    assert(Number.isInteger(frames) && frames > 0, 'an arena has frames');
    this.frames = frames;
    this.buffer = buffer;
    this.bytes = new Uint8Array(this.buffer);
  }

  /** The arena of another thread. */
  static over(buffer: SharedArrayBuffer): Arena {
    return new Arena(buffer.byteLength / BLOCK_BYTES, buffer);
  }
}

/** Byte offset of a place in the arena. */
export function placeOffset(place: number): number {
  return place * BLOCK_BYTES;
}
