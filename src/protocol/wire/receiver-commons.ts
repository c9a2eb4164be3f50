// What the receivers of one thread share.
import { READ_AHEAD_FRAMES } from '../limits.ts';
import { BLOCK_BYTES, PIECE_MESSAGE_BYTES } from './block.ts';
import type { PieceMemory } from './piece-memory.ts';
import type { ReceiveCounters } from './receive-counters.ts';

export interface ReceiverCommons {
  readonly memory: PieceMemory;
  readonly counters: ReceiveCounters;
  /** Where bytes go that nobody wants. Its content means nothing. */
  readonly discard: Uint8Array;
  /** Where bytes wait that were read to a place that is not theirs: room for the longest destination. */
  readonly scratch: Uint8Array;
}

export function receiverCommons(memory: PieceMemory, counters: ReceiveCounters): ReceiverCommons {
  // The longest destination is a frame, what is read ahead, and a header.
  const scratch = new Uint8Array((READ_AHEAD_FRAMES + 2) * PIECE_MESSAGE_BYTES);
  return { memory, counters, discard: new Uint8Array(BLOCK_BYTES), scratch };
}
