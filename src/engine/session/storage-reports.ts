// What the disk tells, batch by batch, to the torrents concerned.
import type { StoreId } from '../ports.ts';
import * as ports from '../ports.ts';
import type { Torrent } from '../torrent/torrent.ts';

export class StorageReports {
  readonly #torrents: ReadonlyMap<StoreId, Torrent>;
  /** Torrents that a batch touched. */
  readonly #touched = new Set<Torrent>();

  constructor(torrents: ReadonlyMap<StoreId, Torrent>) {
    this.#torrents = torrents;
  }

  runsStored(batch: Int32Array, count: number): void {
    for (let at = 0; at < count * ports.STORED_STRIDE; at += ports.STORED_STRIDE) {
      const torrent = this.#torrents.get(batch[at + ports.STORED_STORE]!);
      if (torrent === undefined) continue;
      torrent.verdicts.runStored(
        batch[at + ports.STORED_PIECE]!,
        batch[at + ports.STORED_RUN]!,
        batch[at + ports.STORED_OUTCOME]!,
      );
      this.#touched.add(torrent);
    }
    for (const torrent of this.#touched) torrent.runsDone();
    this.#touched.clear();
  }

  blocksDiffered(batch: Int32Array, count: number): void {
    for (let at = 0; at < count * ports.DIFFERENCE_STRIDE; at += ports.DIFFERENCE_STRIDE) {
      const torrent = this.#torrents.get(batch[at + ports.DIFFERENCE_STORE]!);
      torrent?.verdicts.blockDiffered(
        batch[at + ports.DIFFERENCE_PIECE]!,
        batch[at + ports.DIFFERENCE_VERSION]!,
        batch[at + ports.DIFFERENCE_BLOCK]!,
      );
    }
  }

  blocksRead(batch: Int32Array, count: number): void {
    for (let at = 0; at < count * ports.READ_DONE_STRIDE; at += ports.READ_DONE_STRIDE) {
      const torrent = this.#torrents.get(batch[at + ports.READ_DONE_STORE]!);
      if (torrent === undefined) continue;
      torrent.blockRead(batch[at + ports.READ_DONE_TICKET]!, batch[at + ports.READ_DONE_OK] === 1);
      this.#touched.add(torrent);
    }
    for (const torrent of this.#touched) torrent.readsDone();
    this.#touched.clear();
  }
}
