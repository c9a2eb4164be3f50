// Two threads, one ring of packed records between them: a writer here, a reader there, and nothing else ever touches it.
// How a record lies in the shared memory, and the four words by which the two sides agree.
//
//   control words, a cache line each       data words, a power of two of them
//   | HEAD | TAIL | ASLEEP | ROOM_WANTED | header, payload … | header, payload … | SKIP to the end |
//
// HEAD and TAIL count words since the beginning and wrap at 2³²; a record never does: one that does not fit before the
// end of the data is preceded by a record that is skipped. A header is its kind and, above it, its length in words.

export const HEAD = 0;
export const TAIL = 16;
/** 1 while the reader waits to be woken. */
export const ASLEEP = 32;
/** 1 while the writer has something that did not fit. */
export const ROOM_WANTED = 48;
const CONTROL_WORDS = 64;

export const HEADER_WORDS = 1;
export const KIND_BITS = 8;
export const KIND_MASK: number = (1 << KIND_BITS) - 1;
/** Kind 0 is the rest of the data that is left empty. */
export const SKIP = 0;

/** Words that hold so many bytes. */
export function wordsOf(bytes: number): number {
  return (bytes + 3) >> 2;
}

/** The memory of a ring, as both sides see it. */
export class PackedRing {
  readonly memory: SharedArrayBuffer;
  readonly control: Int32Array;
  readonly words: Int32Array;
  /** The bytes of `words`. */
  readonly bytes: Buffer;
  /** Longest record in words, header included: half of the ring, so that one always fits once the ring is empty. */
  readonly recordWordsMax: number;

  /** `memory` is what `allocate` made, here or in the other thread. */
  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.control = new Int32Array(memory, 0, CONTROL_WORDS);
    this.words = new Int32Array(memory, CONTROL_WORDS * 4);
    this.bytes = Buffer.from(memory, CONTROL_WORDS * 4);
    this.recordWordsMax = this.words.length >> 1;
  }

  /** A new, empty ring; `words` is a power of two. `start` is where its counters begin: not 0 only to test that they wrap. */
  static allocate(words: number, start = 0): PackedRing {
    const ring = new PackedRing(new SharedArrayBuffer((CONTROL_WORDS + words) * 4));
    ring.control[HEAD] = start;
    ring.control[TAIL] = start;
    // The reader has yet to come: whoever writes first wakes it.
    ring.control[ASLEEP] = 1;
    return ring;
  }
}
