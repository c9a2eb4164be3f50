// What the links of one thread tell the engine, packed as the boundary demands (engine/ports.ts). Blocks and requests gather
// while a read is taken apart, and are told before any message that came after them.
import { BlockBatch } from '../../engine/block-batch.ts';
import {
  ASKED_BEGIN,
  ASKED_LENGTH,
  ASKED_PIECE,
  ASKED_STRIDE,
  type LinkId,
  OUTCOME_LANDED,
  OUTCOME_RETURNED,
  OUTCOME_WASTED,
  type PeerSink,
} from '../../engine/ports.ts';
import type { ReceiverSink } from '../../protocol/wire/receiver-sink.ts';

/** Requests that are told in one go. */
const REQUESTS_MAX = 256;

export class LinkReports {
  readonly #sink: PeerSink;
  readonly #blocks = new BlockBatch();
  /** Requests of one read are all of one link. */
  readonly #requests = new Int32Array(REQUESTS_MAX * ASKED_STRIDE);
  #requestCount = 0;
  /** Messages were told since the last read ended. */
  #messages = false;

  constructor(sink: PeerSink) {
    this.#sink = sink;
  }

  /** What the receiver of a link tells; `greeted` when the peer's handshake was told, `failed` when it broke the framing. */
  receiverSink(link: LinkId, greeted: () => void, failed: ReceiverSink['failed']): ReceiverSink {
    const sink = this.#sink;
    return {
      handshake: (bytes) => {
        sink.handshake(link, bytes);
        greeted();
      },
      message: (id, payload) => {
        this.tellBlocks();
        this.#tellRequests(link);
        this.#messages = true;
        sink.message(link, id, payload);
      },
      request: (piece, begin, length) => this.#request(link, piece, begin, length),
      keepAlive: () => sink.keepAlive(link),
      landed: (piece, begin, length) => this.#blocks.add(link, piece, begin, length, OUTCOME_LANDED),
      returned: (piece, begin, length) => this.#blocks.add(link, piece, begin, length, OUTCOME_RETURNED),
      wasted: (piece, begin, length) => this.#blocks.add(link, piece, begin, length, OUTCOME_WASTED),
      failed,
    };
  }

  /** A read of this link was taken apart. */
  readDone(link: LinkId): void {
    this.tellBlocks();
    this.#tellRequests(link);
    if (!this.#messages) return;
    this.#messages = false;
    this.#sink.messagesDone(link);
  }

  /** Tells soon what came of the engine's own question: an answer never comes from inside of it. */
  tellBlocksSoon(): void {
    if (this.#blocks.count > 0) setImmediate(this.tellBlocks);
  }

  readonly tellBlocks = (): void => {
    const { count } = this.#blocks;
    if (count > 0) this.#sink.blocks(this.#blocks.take(), count);
  };

  #request(link: LinkId, piece: number, begin: number, length: number): void {
    this.tellBlocks();
    if (this.#requestCount === REQUESTS_MAX) this.#tellRequests(link);
    this.#messages = true;
    const at = this.#requestCount++ * ASKED_STRIDE;
    this.#requests[at + ASKED_PIECE] = piece;
    this.#requests[at + ASKED_BEGIN] = begin;
    this.#requests[at + ASKED_LENGTH] = length;
  }

  #tellRequests(link: LinkId): void {
    const count = this.#requestCount;
    this.#requestCount = 0;
    if (count > 0) this.#sink.requests(link, this.#requests, count);
  }
}
