// What a magnet link says (BEP 9, BEP 53).
import type { HostPort } from '../metainfo/host-port.ts';
import type { InfoHash } from '../metainfo/info-hash.ts';
import type { FileRange } from './file-ranges.ts';

/** A torrent known by its info hash, and where to ask for it. */
export interface Magnet {
  readonly infoHash: InfoHash;
  /** The v2 info hash of a hybrid torrent, 64 hexadecimal digits (BEP 52). */
  readonly infoHashV2?: string;
  /** A name to show until the metadata is there. Anybody can write anything here: not a file name. */
  readonly displayName?: string;
  /** Length of the whole torrent in bytes, as claimed. */
  readonly claimedBytes?: number;
  /** Each a tier of its own. */
  readonly trackers: readonly string[];
  readonly webSeeds: readonly string[];
  readonly peers: readonly HostPort[];
  /** The files to download (BEP 53); absent: all. */
  readonly select?: readonly FileRange[];
}
