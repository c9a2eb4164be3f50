// What sockets are given to write. A block that was read into its frame has room for its PIECE header in front of it, so
// header and block leave as one view, made once a frame: a block that is served allocates nothing. Views are Buffers: of
// any other, a socket makes a Buffer at every write.
import { BLOCK_BYTES, PIECE_HEADER_BYTES, PIECE_MESSAGE_BYTES } from '../../protocol/wire/block.ts';
import type { Frames } from '../../protocol/wire/frames.ts';
import { writePieceHeader } from '../../protocol/wire/message-writer.ts';
import { nativeCopy } from '../memory/native-copy.ts';

/** A block to be sent: `length` bytes from `offset` on behind a place, which are the torrent's `begin` and on of `piece`. */
export interface SentBlock {
  place: number;
  offset: number;
  piece: number;
  begin: number;
  length: number;
}

export class SendViews {
  /** Block bytes that were copied because they lie in two frames. */
  copiedBytes = 0;
  readonly #frames: Frames;
  readonly #messages: (Buffer | undefined)[];

  constructor(frames: Frames) {
    this.#frames = frames;
    this.#messages = new Array<Buffer | undefined>(frames.count).fill(undefined);
  }

  /** True for a whole frame; the rest is the short last block of a piece, or an unusual request. */
  isWhole(block: SentBlock): boolean {
    return block.length === BLOCK_BYTES && block.offset % BLOCK_BYTES === 0;
  }

  /**
   * The PIECE message of a whole frame. A frame is served as one block at a time (engine/ports.ts), so its header says the
   * same to every link, also while an earlier write of it has not left.
   */
  message(block: SentBlock): Buffer {
    const frame = this.#frames.frameOf(block.place + block.offset / BLOCK_BYTES);
    this.#messages[frame] ??= bufferOf(this.#frames.bytes, frame * PIECE_MESSAGE_BYTES, PIECE_MESSAGE_BYTES);
    const message = this.#messages[frame];
    writePieceHeader(message, 0, block.piece, block.begin, block.length);
    return message;
  }

  header(block: SentBlock): Buffer {
    const header = Buffer.allocUnsafe(PIECE_HEADER_BYTES);
    writePieceHeader(header, 0, block.piece, block.begin, block.length);
    return header;
  }

  /** The bytes of a block that is no whole frame. */
  bytes(block: SentBlock): Buffer {
    const from = block.offset % BLOCK_BYTES;
    const place = block.place + (block.offset - from) / BLOCK_BYTES;
    if (from + block.length <= BLOCK_BYTES)
      return bufferOf(this.#frames.bytes, this.#frames.offsetOf(place) + from, block.length);
    this.copiedBytes += block.length;
    const copy = Buffer.allocUnsafe(block.length);
    let done = 0;
    this.#frames.visit(place, from, block.length, (part) => {
      nativeCopy(part, 0, part.length, copy, done);
      done += part.length;
    });
    return copy;
  }
}

function bufferOf(bytes: Uint8Array, offset: number, length: number): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset + offset, length);
}
