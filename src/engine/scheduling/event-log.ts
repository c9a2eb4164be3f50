// Events of the host in the order in which they came, packed: integers in one array, the bytes of messages in another.
// Batches of one kind that follow each other become one. Nothing is allocated per event once the arrays have grown.
import { assert } from '../../base/assert.ts';
import {
  ASKED_STRIDE,
  BLOCK_STRIDE,
  type LinkId,
  type PeerSink,
  READ_DONE_STRIDE,
  STORED_STRIDE,
  type StorageSink,
} from '../ports.ts';

/** The kinds of events that can wait. */
const MESSAGE = 0;
const KEEP_ALIVE = 1;
const MESSAGES_DONE = 2;
const SERVED = 3;
export const REQUESTS = 4;
export const BLOCKS = 5;
export const RUNS_STORED = 6;
export const BLOCKS_READ = 7;

export type BatchKind = typeof REQUESTS | typeof BLOCKS | typeof RUNS_STORED | typeof BLOCKS_READ;

const INTEGERS = 1024;
const BYTES = 4096;
/** Integers before the records of a batch: kind, link (0 when the records name it) and count. */
const BATCH_HEAD = 3;
const NOTHING = -1;

/** Integers of a record in a batch of this kind. */
export function strideOf(kind: BatchKind): number {
  switch (kind) {
    case REQUESTS:
      return ASKED_STRIDE;
    case BLOCKS:
      return BLOCK_STRIDE;
    case RUNS_STORED:
      return STORED_STRIDE;
    case BLOCKS_READ:
      return READ_DONE_STRIDE;
  }
}

export class EventLog {
  #integers = new Int32Array(INTEGERS);
  #count = 0;
  #bytes = new Uint8Array(BYTES);
  #byteCount = 0;
  /** Where the last event begins when it is a batch. */
  #lastBatch = NOTHING;

  get empty(): boolean {
    return this.#count === 0;
  }

  /** What the events take. */
  get usedBytes(): number {
    return this.#count * 4 + this.#byteCount;
  }

  message(link: LinkId, id: number, payload: Uint8Array): void {
    this.#note(MESSAGE, link, id, payload.length);
    const end = this.#byteCount + payload.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#byteCount));
      this.#bytes = grown;
    }
    this.#bytes.set(payload, this.#byteCount);
    this.#byteCount = end;
  }

  keepAlive(link: LinkId): void {
    this.#note(KEEP_ALIVE, link, 0, 0);
  }

  messagesDone(link: LinkId): void {
    this.#note(MESSAGES_DONE, link, 0, 0);
  }

  served(link: LinkId, count: number): void {
    this.#note(SERVED, link, count, 0);
  }

  /** `link` is that of REQUESTS, 0 with others. */
  batch(kind: BatchKind, link: LinkId, batch: Int32Array, count: number): void {
    const integers = count * strideOf(kind);
    this.#makeRoom(BATCH_HEAD + integers);
    const log = this.#integers;
    const last = this.#lastBatch;
    if (last !== NOTHING && log[last] === kind && log[last + 1] === link) log[last + 2]! += count;
    else {
      this.#lastBatch = this.#count;
      log[this.#count++] = kind;
      log[this.#count++] = link;
      log[this.#count++] = count;
    }
    for (let at = 0; at < integers; at++) log[this.#count++] = batch[at]!;
  }

  /** Tells everything again, in order, and forgets it; of links in `closing` no more than what became of their places. */
  replay(peers: PeerSink, storage: StorageSink, closing: ReadonlySet<LinkId>): void {
    const log = this.#integers;
    let bytesAt = 0;
    for (let at = 0; at < this.#count; ) {
      const kind = log[at++]!;
      const link = log[at++]!;
      const count = log[at++]!;
      switch (kind) {
        case MESSAGE: {
          const length = log[at++]!;
          if (!closing.has(link)) peers.message(link, count, this.#bytes.subarray(bytesAt, bytesAt + length));
          bytesAt += length;
          break;
        }
        case KEEP_ALIVE:
          if (!closing.has(link)) peers.keepAlive(link);
          at++;
          break;
        case MESSAGES_DONE:
          if (!closing.has(link)) peers.messagesDone(link);
          at++;
          break;
        case SERVED:
          peers.served(link, count);
          at++;
          break;
        default: {
          const end = at + count * strideOf(kind as BatchKind);
          const silent = kind === REQUESTS && closing.has(link);
          if (!silent) this.#replayBatch(kind as BatchKind, link, log.subarray(at, end), { count, peers, storage });
          at = end;
        }
      }
    }
    assert(log === this.#integers, 'nothing is noted while it is told');
    this.#count = 0;
    this.#byteCount = 0;
    this.#lastBatch = NOTHING;
  }

  #replayBatch(
    kind: BatchKind,
    link: LinkId,
    batch: Int32Array,
    { count, peers, storage }: { count: number; peers: PeerSink; storage: StorageSink },
  ): void {
    switch (kind) {
      case REQUESTS:
        return peers.requests(link, batch, count);
      case BLOCKS:
        return peers.blocks(batch, count);
      case RUNS_STORED:
        return storage.runsStored(batch, count);
      case BLOCKS_READ:
        return storage.blocksRead(batch, count);
    }
  }

  #note(kind: number, link: LinkId, first: number, second: number): void {
    this.#makeRoom(4);
    this.#lastBatch = NOTHING;
    const log = this.#integers;
    log[this.#count++] = kind;
    log[this.#count++] = link;
    log[this.#count++] = first;
    log[this.#count++] = second;
  }

  #makeRoom(integers: number): void {
    const needed = this.#count + integers;
    if (needed <= this.#integers.length) return;
    const grown = new Int32Array(Math.max(needed, this.#integers.length * 2));
    grown.set(this.#integers.subarray(0, this.#count));
    this.#integers = grown;
  }
}
