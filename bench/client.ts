// What the benchmark asks of each BitTorrent client that it measures.
import type { ChildProcess } from 'node:child_process';

/** What a client is given for one download. */
export interface Job {
  readonly torrent: string;
  readonly payloadBytes: number;
  /** An empty folder for the downloaded file. */
  readonly output: string;
  /** An empty folder for settings and state. */
  readonly scratch: string;
  /** The seeders; a client that cannot be told finds them through the torrent's tracker. */
  readonly peers: readonly string[];
  /** The seeders accept nothing but RC4: asked of Millrace and libtorrent only. */
  readonly encrypted: boolean;
}

/** What a client may say of itself at the end, beside what was measured from outside. */
export interface OwnFigures {
  readonly copiedShare?: number;
  readonly readBackBytes?: number;
  readonly eventLoopDelayP99Ms?: number;
}

/** A download in progress. The process goes on after `done`, so that its use of CPU and memory can still be read. */
export interface Download {
  readonly process: ChildProcess;
  /** Where the client listens, when the seeder is to connect to it. */
  readonly dial?: string;
  /** When the client says that every piece is verified and written: milliseconds since 1970. */
  readonly done: Promise<{ readonly atMs: number; readonly own?: OwnFigures }>;
}

/** A BitTorrent client. */
export interface BenchClient {
  readonly name: string;
  /** Its version, or `undefined` when it is not installed. */
  version(): string | undefined;
  start(job: Job): Promise<Download>;
}
