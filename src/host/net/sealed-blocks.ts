// Blocks that leave encrypted. Piece memory is shared with others and must not change, so these are copied: the one copy of
// an upload, bounded by the blocks that the engine lets be on their way, and counted.
import type { Rc4 } from '../../protocol/mse/rc4.ts';
import { PIECE_HEADER_BYTES, PIECE_MESSAGE_BYTES } from '../../protocol/wire/block.ts';
import { SEALED_BLOCKS_KEPT } from '../limits.ts';
import { nativeCopy } from '../memory/native-copy.ts';

/** The buffers of all links of a thread. */
export class SealedBlocks {
  /** Block bytes copied so far. */
  copiedBytes = 0;
  readonly #free: Uint8Array[] = [];

  /** Header and block as one encrypted message, to be given back when it has left. */
  seal(header: Uint8Array, block: Uint8Array, cipher: Rc4): Uint8Array {
    const whole = this.#free.pop() ?? new Uint8Array(PIECE_MESSAGE_BYTES);
    whole.set(header);
    nativeCopy(block, 0, block.length, whole, PIECE_HEADER_BYTES);
    this.copiedBytes += block.length;
    const bytes = PIECE_HEADER_BYTES + block.length;
    cipher.apply(whole, 0, bytes);
    return bytes === PIECE_MESSAGE_BYTES ? whole : whole.subarray(0, bytes);
  }

  giveBack(message: Uint8Array): void {
    if (this.#free.length === SEALED_BLOCKS_KEPT) return;
    this.#free.push(message.length === PIECE_MESSAGE_BYTES ? message : new Uint8Array(message.buffer));
  }
}
