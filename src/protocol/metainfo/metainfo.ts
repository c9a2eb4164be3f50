// What a torrent file says (BEP 3), checked: whoever holds a Metainfo may rely on every invariant written here.
import type { HostPort } from './host-port.ts';
import type { InfoHash } from './info-hash.ts';

/** A file of a torrent, in the order in which the files' bytes are joined. */
export interface MetainfoFile {
  /** Below the download folder, `/` between its parts, with the torrent's name first. Safe, and no other file's path. */
  readonly path: string;
  /**
   * The parts of its path as the torrent spells them, its name first: what a web server calls it. Absent when `path` is
   * the same, or when these would lead out of a folder.
   */
  readonly spelled?: readonly string[];
  readonly length: number;
  /** Where the file begins in the torrent's joined bytes. */
  readonly offset: number;
  /** Alignment filler (BEP 47): zeros that are never written to disk. Its path is made up. */
  readonly pad: boolean;
  /** BEP 47 attribute `x`. */
  readonly executable: boolean;
  /** BEP 47 attribute `h`. */
  readonly hidden: boolean;
  /**
   * BEP 47 attribute `l`: the entry is a link, its length 0, and this the target, as safe and below the same folder as
   * `path`. Kept as data: it may name a file that does not exist or was renamed, and no one has to create the link.
   */
  readonly symlink?: string;
  /** Root of the file's SHA-256 tree in a hybrid torrent (BEP 52); absent in v1 torrents and for empty files. */
  readonly piecesRoot?: Uint8Array;
}

/** What the info dictionary says: all that peers can tell each other (BEP 9). */
export interface TorrentInfo {
  readonly infoHash: InfoHash;
  /** SHA-256 of the info dictionary, 64 hexadecimal digits; present in hybrid torrents (BEP 52). */
  readonly infoHashV2?: string;
  /** 2 in hybrid torrents; absent in v1 torrents. */
  readonly metaVersion?: number;
  /** The info dictionary as it was encoded: what the hashes are of, and what BEP 9 serves. A view into the input. */
  readonly infoBytes: Uint8Array;
  /** Safe as a file name: the file's name in a single-file torrent, the top folder's in others. */
  readonly name: string;
  readonly pieceBytes: number;
  readonly pieceCount: number;
  /** At least 1. */
  readonly totalBytes: number;
  /** SHA-1 of each piece, 20 bytes each. A view into the input. */
  readonly pieceHashes: Uint8Array;
  readonly files: readonly MetainfoFile[];
  /** Peers come from the trackers alone: no DHT, no PEX, no LSD (BEP 27). */
  readonly private: boolean;
  readonly source?: string;
}

/** What a torrent file says. */
export interface Metainfo extends TorrentInfo {
  /** Tracker URLs by tier (BEP 12), in the file's order: shuffling is the announcer's task. No duplicates. */
  readonly tiers: readonly (readonly string[])[];
  /** URLs of BEP 19 web seeds, as written. */
  readonly webSeeds: readonly string[];
  /** URLs of BEP 17 seeds, as written. */
  readonly httpSeeds: readonly string[];
  readonly comment?: string;
  readonly createdBy?: string;
  /** Seconds since 1970. */
  readonly creationDateSeconds?: number;
  /** DHT nodes to start from (BEP 5). */
  readonly nodes?: readonly HostPort[];
}

/** What parsing needs of its host. */
export interface MetainfoPorts {
  sha1(bytes: Uint8Array): Uint8Array;
  sha256(bytes: Uint8Array): Uint8Array;
  /**
   * Decodes bytes in an encoding of the WHATWG Encoding standard, named by any of its labels. Answers `undefined` when
   * it does not know the label or the bytes are malformed. Without it, names that are neither
   * UTF-8 nor western lose characters.
   */
  decodeText?(bytes: Uint8Array, label: string): string | undefined;
  /** Which names the file system takes; see safe-path.ts. Default `portable`. */
  readonly nameRules?: NameRules;
}

/** `portable` names are fit for every system; `posix` names keep what only Windows refuses. */
export type NameRules = 'portable' | 'posix';
