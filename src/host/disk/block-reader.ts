// Reads blocks straight into their places. Blocks that follow each other come in with one call.
import { StorageError } from '../../base/errors.ts';
import {
  READ_BEGIN,
  READ_DONE_OK,
  READ_DONE_STORE,
  READ_DONE_STRIDE,
  READ_DONE_TICKET,
  READ_LENGTH,
  READ_PIECE,
  READ_PLACE,
  READ_STORE,
  READ_STRIDE,
  READ_TICKET,
} from '../../engine/ports.ts';
import type { Frames } from '../../protocol/wire/frames.ts';
import type { StoreFailure } from './disk-messages.ts';
import { FailureList } from './failure-list.ts';
import type { VectoredTransfer } from './vectored-transfer.ts';
import type { WorkerStore } from './worker-store.ts';

/** Finds an opened store. */
export type StoreLookup = (id: number) => WorkerStore;

export class BlockReader {
  readonly #frames: Frames;
  readonly #reads: VectoredTransfer;
  readonly #storeOf: StoreLookup;
  readonly #failures = new FailureList();

  constructor(frames: Frames, reads: VectoredTransfer, storeOf: StoreLookup) {
    this.#frames = frames;
    this.#reads = reads;
    this.#storeOf = storeOf;
  }

  /** Reads a batch of `readBlocks` records; returns the `blocksRead` batch. `takeFailures` then has the reasons. */
  read(batch: Int32Array): Int32Array {
    const count = batch.length / READ_STRIDE;
    const done = new Int32Array(count * READ_DONE_STRIDE);
    for (let index = 0; index < count; index++) {
      done[index * READ_DONE_STRIDE + READ_DONE_STORE] = batch[index * READ_STRIDE + READ_STORE]!;
      done[index * READ_DONE_STRIDE + READ_DONE_TICKET] = batch[index * READ_STRIDE + READ_TICKET]!;
      done[index * READ_DONE_STRIDE + READ_DONE_OK] = 1;
    }
    try {
      for (let index = 0; index < count; index++) this.#add(batch, index * READ_STRIDE);
      this.#reads.finish();
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      for (let index = 0; index < count; index++) {
        if (!this.#readAlone(batch, index * READ_STRIDE)) done[index * READ_DONE_STRIDE + READ_DONE_OK] = 0;
      }
    }
    return done;
  }

  /** Reads bytes that go to the library's user, and not to a peer. Throws StorageError. */
  readBytes(store: WorkerStore, offset: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    this.#reads.add(store, offset, bytes);
    this.#reads.finish();
    return bytes;
  }

  takeFailures(): readonly StoreFailure[] {
    return this.#failures.take();
  }

  #add(batch: Int32Array, record: number): void {
    const store = this.#storeOf(batch[record + READ_STORE]!);
    let offset = batch[record + READ_PIECE]! * store.geometry.pieceBytes + batch[record + READ_BEGIN]!;
    this.#frames.visit(batch[record + READ_PLACE]!, 0, batch[record + READ_LENGTH]!, (block) => {
      this.#reads.add(store, offset, block);
      offset += block.length;
    });
  }

  #readAlone(batch: Int32Array, record: number): boolean {
    try {
      this.#add(batch, record);
      this.#reads.finish();
      return true;
    } catch (error) {
      this.#failures.add(batch[record + READ_STORE]!, error);
      return false;
    }
  }
}
