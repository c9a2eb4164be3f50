// What one download of the study is told, and what it answers.
import type { ClientOptions } from '#src/client/index.ts';

/** How received bytes come to their place: read there, by way of one buffer, or by way of four as engines used to. */
export type Copies = 0 | 1 | 4;
/** Who hashes: the disk worker that writes, the engine's thread piece by piece, or that thread block by block. */
export type Hashing = 'worker' | 'thread' | 'incremental';

/** One download. What the product cannot be told is put under it from outside (study-get.ts, study-preload.ts). */
export interface StudyJob {
  /** Torrents of equal length, downloaded together: no torrent has more than 100 peers. */
  readonly torrents: readonly string[];
  readonly pieceBytes: number;
  /** Of all torrents. */
  readonly totalBytes: number;
  readonly directory: string;
  /** Those of the first torrent, then those of the next. */
  readonly ports: readonly number[];
  readonly client: ClientOptions;
  readonly copies: Copies;
  readonly hashing: Hashing;
  /** One system call for each view, as if neighbours did not meet. */
  readonly singleWrites: boolean;
  /** Time and CPU are counted from the first request on: before it, a seeder prepares what it would otherwise pay for meanwhile. */
  readonly fromFirstRequest?: boolean;
  /** A disk that takes so many bytes a second from each worker. */
  readonly diskBytesPerSecond?: number;
}

export interface StudyFigures {
  readonly mibPerSecond: number;
  readonly cpuSecondsPerGib: number;
  /** From the sending of a request until the engine has taken the block in: of one block in 16. */
  readonly latencyP50Ms: number;
  readonly latencyP99Ms: number;
  readonly loopDelayP99Ms: number;
  readonly memoryPeakMib: number;
  readonly peakRssMib: number;
  readonly bytesPerWrite: number;
  readonly copiedShare: number;
  /** Tenths of a second in which nothing had come for a second, and those of them without a reason that the user can read. */
  readonly stalledLooks: number;
  readonly unexplainedLooks: number;
}
