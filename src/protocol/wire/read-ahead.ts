// How far a read may reach, and which frames the socket's present destination covers. Frames are read ahead for a socket
// that fills what it is given; a slow one holds no more than the frame it is in, and none at all between two messages, so
// that little waits with a peer that stalls, and what it has not begun to send comes back at once.
import { READ_AHEAD_FRAMES } from '../limits.ts';
import { PIECE_HEADER_BYTES, PIECE_MESSAGE_BYTES } from './block.ts';
import type { PieceMemory } from './piece-memory.ts';

export class ReadAhead {
  /** Frames beyond the present one. */
  frames = 0;
  /** The last read brought all that there was: what is asked for next is waited for. */
  waits = true;
  readonly #link: number;
  readonly #memory: PieceMemory;
  #first = 0;
  #last = -1;

  constructor(link: number, memory: PieceMemory) {
    this.#link = link;
    this.#memory = memory;
  }

  /** A read brought `count` of `room` bytes. */
  learn(count: number, room: number): void {
    this.waits = count < room;
    if (this.#last < 0) return;
    if (count === room) this.frames = Math.min(READ_AHEAD_FRAMES, this.frames * 2 + 1);
    else if (count < PIECE_MESSAGE_BYTES) this.frames = 0;
    else if (count * 2 < room) this.frames >>= 1;
  }

  /** No frame is under a destination. */
  clear(): void {
    this.#last = -1;
    this.#first = 0;
  }

  covers(frame: number): boolean {
    return frame >= this.#first && frame <= this.#last;
  }

  /** The destination lies in one frame. */
  cover(frame: number): void {
    this.#first = frame;
    this.#last = frame;
  }

  /** Covers `frame` and up to `more` frames behind it that the link may fill; returns the offset at which they end. */
  reach(frame: number, more: number): number {
    let last = frame;
    while (last < frame + more && this.#memory.awaits(last + 1, this.#link)) last++;
    let end = (last + 1) * PIECE_MESSAGE_BYTES;
    // The next header is read along: it tells what comes.
    if (this.#memory.awaits(last + 1, this.#link)) {
      last++;
      end += PIECE_HEADER_BYTES;
    }
    this.#first = frame;
    this.#last = last;
    return end;
  }
}
