// What a scan worker is started with and what it tells.
import type { FileSystemModule } from './disk-messages.ts';
import type { Hashing } from './sha1.ts';
import type { StorageFailure } from './storage-failure.ts';
import type { StoreLayout } from './store-layout.ts';

/** Indexes into `ScanData.control`. */
export const SCAN_NEXT = 0;
export const SCAN_STOP = 1;

/** All scan workers of one scan share these memories; each takes the next stripe of pieces when it is done with one. */
export interface ScanData {
  readonly layout: StoreLayout;
  /** The pieces to hash, in rising order. */
  readonly pieces: Int32Array;
  /** Pieces that a worker takes at once. */
  readonly stripePieces: number;
  readonly control: Int32Array;
  /** Where digests go, 20 bytes for each piece of the torrent; absent when pieces are compared with the layout's. */
  readonly digests?: Uint8Array | undefined;
  /** One byte for each piece of the torrent: 1 when it is had. */
  readonly had: Uint8Array;
  readonly hashing: Hashing;
  readonly fileSystem?: FileSystemModule | undefined;
}

export interface ScanProgress {
  /** Pieces done since the last message. */
  readonly done: number;
  /** Of these, pieces that are had. */
  readonly had: number;
  readonly failure?: StorageFailure;
}
