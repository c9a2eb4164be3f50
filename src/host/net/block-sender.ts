// The sending half of a link: blocks go from piece memory to the socket, in the order in which they are given, and are
// counted as they leave. Plain ones leave as views of their frames; encrypted ones as copies, for piece memory is shared.
import { SERVE_BEGIN, SERVE_LENGTH, SERVE_OFFSET, SERVE_PIECE, SERVE_PLACE, SERVE_STRIDE } from '../../engine/ports.ts';
import type { Rc4 } from '../../protocol/mse/rc4.ts';
import type { LinkSocket } from './link-socket.ts';
import type { SealedBlocks } from './sealed-blocks.ts';
import type { SendViews, SentBlock } from './send-views.ts';

/** What the senders of one thread share. */
export interface SenderCommons {
  readonly views: SendViews;
  readonly sealed: SealedBlocks;
}

export class BlockSender {
  /** Bytes of blocks that were given to the socket and have not left. */
  bytesUnderWay = 0;
  readonly #commons: SenderCommons;
  readonly #left: (blocks: number) => void;
  /** Blocks and bytes of each batch under way, oldest first. */
  readonly #batches: number[] = [];
  /** The encrypted messages among them, whose memory is given back when they have left. */
  readonly #sealed: Uint8Array[] = [];
  /** The block that is being sent: one object for all. */
  readonly #block: SentBlock = { place: 0, offset: 0, piece: 0, begin: 0, length: 0 };
  #corked: LinkSocket | undefined;

  /** `left` hears how many of the oldest blocks have left. */
  constructor(commons: SenderCommons, left: (blocks: number) => void) {
    this.#commons = commons;
    this.#left = left;
  }

  /** Sends a batch of `PeerPort.serve`. What is given in the same turn goes out in one call of the kernel. */
  send(socket: LinkSocket, batch: Int32Array, count: number, cipher: Rc4 | undefined): void {
    if (this.#corked === undefined) {
      this.#corked = socket;
      socket.cork();
      process.nextTick(this.#uncork);
    }
    let bytes = 0;
    for (let record = 0; record < count; record++) {
      const at = record * SERVE_STRIDE;
      const block = this.#block;
      block.piece = batch[at + SERVE_PIECE]!;
      block.begin = batch[at + SERVE_BEGIN]!;
      block.length = batch[at + SERVE_LENGTH]!;
      block.place = batch[at + SERVE_PLACE]!;
      block.offset = batch[at + SERVE_OFFSET]!;
      bytes += block.length;
      const last = cipher === undefined ? this.#plain(socket, block) : this.#seal(block, cipher);
      if (record + 1 < count) socket.write(last);
      else socket.write(last, this.#written);
    }
    this.#batches.push(count, bytes);
    this.bytesUnderWay += bytes;
  }

  /** Writes what comes before the last view of a block's message, which is returned. */
  #plain(socket: LinkSocket, block: SentBlock): Uint8Array {
    const { views } = this.#commons;
    if (views.isWhole(block)) return views.message(block);
    socket.write(views.header(block));
    return views.bytes(block);
  }

  #seal(block: SentBlock, cipher: Rc4): Uint8Array {
    const { views, sealed } = this.#commons;
    const message = sealed.seal(views.header(block), views.bytes(block), cipher);
    this.#sealed.push(message);
    return message;
  }

  readonly #uncork = (): void => {
    this.#corked?.uncork();
    this.#corked = undefined;
  };

  /** Writes end in the order in which they were made, so one callback serves all batches. */
  readonly #written = (error?: Error | null): void => {
    if (error) return;
    const count = this.#batches.shift()!;
    const sealed = Math.min(count, this.#sealed.length);
    for (let i = 0; i < sealed; i++) this.#commons.sealed.giveBack(this.#sealed.shift()!);
    this.bytesUnderWay -= this.#batches.shift()!;
    this.#left(count);
  };
}
