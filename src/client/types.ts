// The vocabulary of the public library: what goes into a Client and what can be read from it.
import type { MillraceError } from '../base/errors.ts';
import type { PeerAddress } from '../engine/ports.ts';

export type { PeerAddress };

/** How a Client behaves; every field has a default. */
export interface ClientOptions {
  /** Where to listen for peers. Port 0 picks a free port. Default: `{ host: '0.0.0.0', port: 0 }`; `false` never listens. */
  readonly listen?: { readonly host?: string; readonly port: number } | false;
  /** Hard cap on piece memory in bytes. Default 128 MiB, at least 4 MiB. */
  readonly memoryBytes?: number;
  /** Total download limit in bytes per second. Default 0: none. */
  readonly downloadBytesPerSecond?: number;
  /** Total upload limit in bytes per second. Default 0: none. */
  readonly uploadBytesPerSecond?: number;
  /** Threads that hash and write. Default: 1 on two cores, otherwise one less than there are cores, at most 4. */
  readonly diskWorkers?: number;
  /** Most peers connected at once, over all torrents. Default 200. */
  readonly peersMax?: number;
  /** Collects per-stage times (`Client.profile`). Default false: it then costs nothing. */
  readonly profile?: boolean;
}

/** How one torrent is downloaded. */
export interface AddOptions {
  /** Folder that receives the files. Default: the working directory. */
  readonly directory?: string;
  /** Indexes of the files to download. Default: all. */
  readonly select?: readonly number[];
  /** Fetch pieces in order. Default false: rarest first. */
  readonly sequential?: boolean;
  /** Peers to connect to at once and again whenever they go. */
  readonly peers?: readonly PeerAddress[];
  /** Announce to the trackers of the torrent. Default true. */
  readonly trackers?: boolean;
  /** Go on uploading once complete. Default true; `false` disconnects everyone when done. */
  readonly seed?: boolean;
  /** Reserve the files' full size on disk before the download. Default false: files grow sparsely. */
  readonly preallocate?: boolean;
  /** `trust`: take the files on disk for complete without reading them. `check`: hash them all. Default: resume data. */
  readonly existing?: 'resume' | 'check' | 'trust';
}

/** Where a torrent is in its life. */
export type TorrentState = 'opening' | 'checking' | 'downloading' | 'seeding' | 'paused' | 'error' | 'removed';

/** Why nothing comes in, in words that a user can act on. */
export interface StallReason {
  /** Stable: `no-peers`, `connecting`, `all-choked`, `nothing-wanted-offered`, `memory-cap`, `disk-slow`, `rate-limit`. */
  readonly code: string;
  readonly message: string;
}

/** A snapshot of a torrent's progress. All counts are of selected pieces unless said otherwise. */
export interface TorrentProgress {
  readonly state: TorrentState;
  /** Bytes verified and on disk. */
  readonly bytesDone: number;
  readonly bytesWanted: number;
  readonly piecesDone: number;
  readonly piecesWanted: number;
  /** Block payload per second, smoothed. */
  readonly downloadBytesPerSecond: number;
  readonly uploadBytesPerSecond: number;
  readonly uploadedBytes: number;
  readonly peers: number;
  readonly seeds: number;
  /** Seconds left at the present rate; absent when nothing comes in. */
  readonly etaSeconds?: number;
  /** Share of a running check that is done, 0…1; present while `state` is `checking`. */
  readonly checked?: number;
  /** Present when the torrent is downloading and nothing comes in. */
  readonly stall?: StallReason;
}

/** What became of the bytes that were received. */
export interface DataPathStats {
  /** Block bytes that a socket wrote straight into their place in piece memory. */
  readonly placedBytes: number;
  /** Block bytes that were copied once on their way to their place. */
  readonly copiedBytes: number;
  /** Block bytes that were thrown away: duplicates, late, unrequested, or of pieces that failed their hash. */
  readonly wastedBytes: number;
  /** Bytes read back from disk to be hashed, outside of a recheck. */
  readonly readBackBytes: number;
  /** Reads that sockets made. */
  readonly reads: number;
}

/** A connected peer. */
export interface PeerInfo {
  readonly address: PeerAddress;
  readonly incoming: boolean;
  /** The program's name and version as far as it tells. */
  readonly client: string;
  readonly progress: number;
  readonly chokingUs: boolean;
  readonly interestedInUs: boolean;
  readonly downloadBytesPerSecond: number;
  readonly uploadBytesPerSecond: number;
  readonly requestsInFlight: number;
  readonly snubbed: boolean;
}

/** A file of a torrent. */
export interface TorrentFile {
  readonly index: number;
  /** Path below the download folder, `/` between its parts. */
  readonly path: string;
  readonly length: number;
  /** Bytes verified and on disk. */
  readonly bytesDone: number;
  readonly selected: boolean;
  /** Alignment filler (BEP 47): never written to disk. */
  readonly pad: boolean;
}

/** Something went wrong that does not stop the torrent: a tracker that fails, a banned peer. */
export interface TorrentWarning {
  readonly code: string;
  readonly message: string;
}

/** The events of a Torrent; each carries one value. */
export interface TorrentEvents {
  state: [state: TorrentState];
  /** A piece was verified and is on disk. */
  piece: [piece: number];
  warning: [warning: TorrentWarning];
  /** Every selected piece is on disk. */
  done: [];
  error: [error: MillraceError];
}

/** Time spent in one stage of the data path. */
export interface ProfileStage {
  readonly name: string;
  readonly calls: number;
  readonly ms: number;
  /** Bytes that went through the stage; 0 where that means nothing. */
  readonly bytes: number;
}

/** One measured figure. */
export interface ProfileGauge {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/** What `profile: true` measured so far. */
export interface ProfileReport {
  readonly stages: readonly ProfileStage[];
  readonly gauges: readonly ProfileGauge[];
  /** The bottleneck, in one sentence. */
  readonly bottleneck: string;
}
