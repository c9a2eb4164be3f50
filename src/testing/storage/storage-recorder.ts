// A StorageSink that keeps what it hears and lets a test await it.
import type { StorageError } from '../../base/errors.ts';
import {
  DIFFERENCE_BLOCK,
  DIFFERENCE_PIECE,
  DIFFERENCE_STRIDE,
  DIFFERENCE_VERSION,
  READ_DONE_OK,
  READ_DONE_STRIDE,
  READ_DONE_TICKET,
  STORED_OUTCOME,
  STORED_PIECE,
  STORED_RUN,
  STORED_STORE,
  STORED_STRIDE,
  type StorageSink,
  type StoreId,
} from '../../engine/ports.ts';

export interface StoredRun {
  readonly store: StoreId;
  readonly piece: number;
  readonly run: number;
  readonly outcome: number;
}

export interface ReadBlock {
  readonly ticket: number;
  readonly ok: boolean;
}

export class StorageRecorder implements StorageSink {
  readonly stored: StoredRun[] = [];
  readonly reads: ReadBlock[] = [];
  readonly errors: StorageError[] = [];
  /** Blocks that differed: [piece, version, block]. */
  readonly differences: (readonly [piece: number, version: number, block: number])[] = [];
  /** What came, in order: `stored`, `differed`, `read` or `failed`. */
  readonly order: string[] = [];
  #wake: (() => void)[] = [];

  runsStored(batch: Int32Array, count: number): void {
    for (let record = 0; record < count * STORED_STRIDE; record += STORED_STRIDE) {
      this.stored.push({
        store: batch[record + STORED_STORE]!,
        piece: batch[record + STORED_PIECE]!,
        run: batch[record + STORED_RUN]!,
        outcome: batch[record + STORED_OUTCOME]!,
      });
      this.order.push('stored');
    }
    this.#wakeAll();
  }

  blocksDiffered(batch: Int32Array, count: number): void {
    for (let record = 0; record < count * DIFFERENCE_STRIDE; record += DIFFERENCE_STRIDE) {
      this.differences.push([
        batch[record + DIFFERENCE_PIECE]!,
        batch[record + DIFFERENCE_VERSION]!,
        batch[record + DIFFERENCE_BLOCK]!,
      ]);
      this.order.push('differed');
    }
    this.#wakeAll();
  }

  blocksRead(batch: Int32Array, count: number): void {
    for (let record = 0; record < count * READ_DONE_STRIDE; record += READ_DONE_STRIDE) {
      this.reads.push({ ticket: batch[record + READ_DONE_TICKET]!, ok: batch[record + READ_DONE_OK] === 1 });
      this.order.push('read');
    }
    this.#wakeAll();
  }

  storageFailed(_store: StoreId, error: StorageError): void {
    this.errors.push(error);
    this.order.push('failed');
    this.#wakeAll();
  }

  /** Resolves when that many runs were reported, counted from the start or the last `clear`. */
  async storedRuns(count: number): Promise<readonly StoredRun[]> {
    while (this.stored.length < count) await this.#next();
    return this.stored;
  }

  async readBlocks(count: number): Promise<readonly ReadBlock[]> {
    while (this.reads.length < count) await this.#next();
    return this.reads;
  }

  clear(): void {
    this.stored.length = 0;
    this.reads.length = 0;
    this.errors.length = 0;
    this.differences.length = 0;
    this.order.length = 0;
  }

  #next(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #wakeAll(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}
