// What sockets are given to write: views of piece memory and PIECE headers, made once a frame, so that a block that is
// served allocates nothing. They are Buffers: of any other view, a socket makes a Buffer at every write.
import { BLOCK_BYTES, PIECE_HEADER_BYTES } from '../../protocol/wire/block.ts';
import { writePieceHeader } from '../../protocol/wire/message-writer.ts';
import type { Arena } from '../memory/arena.ts';

export class SendViews {
  readonly #arena: SharedArrayBuffer;
  readonly #headerBytes: ArrayBuffer;
  readonly #blocks: (Buffer | undefined)[];
  readonly #headers: (Buffer | undefined)[];

  constructor(arena: Arena) {
    this.#arena = arena.buffer;
    this.#headerBytes = new ArrayBuffer(arena.frames * PIECE_HEADER_BYTES);
    this.#blocks = new Array<Buffer | undefined>(arena.frames).fill(undefined);
    this.#headers = new Array<Buffer | undefined>(arena.frames).fill(undefined);
  }

  /** The `length` bytes of piece memory from `start` on. */
  block(start: number, length: number): Buffer {
    if (!isFrame(start, length)) return Buffer.from(this.#arena, start, length);
    const frame = start / BLOCK_BYTES;
    this.#blocks[frame] ??= Buffer.from(this.#arena, start, length);
    return this.#blocks[frame];
  }

  /**
   * The PIECE header of the block at `start`. A frame is served as one block at a time (engine/ports.ts), so its header
   * says the same to every link, also while an earlier write of it has not left.
   */
  header(start: number, piece: number, begin: number, length: number): Buffer {
    let header: Buffer;
    if (isFrame(start, length)) {
      const frame = start / BLOCK_BYTES;
      this.#headers[frame] ??= Buffer.from(this.#headerBytes, frame * PIECE_HEADER_BYTES, PIECE_HEADER_BYTES);
      header = this.#headers[frame];
    } else {
      header = Buffer.allocUnsafe(PIECE_HEADER_BYTES);
    }
    writePieceHeader(header, 0, piece, begin, length);
    return header;
  }
}

/** True for a whole frame; the rest is the short last block of a torrent, or an unusual request. */
function isFrame(start: number, length: number): boolean {
  return length === BLOCK_BYTES && start % BLOCK_BYTES === 0;
}
