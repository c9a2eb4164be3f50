// The slice of the public library that the commands use. Tests put a fake behind it.
import type {
  AddOptions,
  ClientOptions,
  DataPathStats,
  PeerAddress,
  PeerInfo,
  TorrentEvents,
  TorrentFile,
  TorrentProgress,
  TorrentState,
  TorrentWarning,
} from '../client/types.ts';

export type {
  AddOptions,
  ClientOptions,
  DataPathStats,
  PeerAddress,
  TorrentEvents,
  TorrentFile,
  TorrentProgress,
  TorrentState,
  TorrentWarning,
};

export interface MetainfoFile {
  readonly path: string;
  readonly length: number;
  readonly pad: boolean;
}

export interface Metainfo {
  readonly infoHash: string;
  readonly name: string;
  readonly pieceBytes: number;
  readonly pieceCount: number;
  readonly totalBytes: number;
  readonly files: readonly MetainfoFile[];
  readonly private: boolean;
  readonly tiers: readonly (readonly string[])[];
  readonly webSeeds: readonly string[];
  readonly comment?: string;
  readonly createdBy?: string;
  readonly creationDateSeconds?: number;
  readonly infoHashV2?: string;
}

export interface ProfileReport {
  readonly stages: readonly {
    readonly name: string;
    readonly calls: number;
    readonly ms: number;
    readonly bytes: number;
  }[];
  readonly gauges: readonly { readonly name: string; readonly value: number; readonly unit: string }[];
  readonly bottleneck: string;
}

export interface Torrent {
  readonly infoHash: string;
  readonly name: string;
  readonly state: TorrentState;
  progress(): TorrentProgress;
  files(): readonly TorrentFile[];
  peers(): readonly PeerInfo[];
  remove(options?: { deleteFiles?: boolean }): Promise<void>;
  completed(signal?: AbortSignal): Promise<void>;
  on<E extends keyof TorrentEvents>(event: E, listener: (...values: TorrentEvents[E]) => void): unknown;
  off<E extends keyof TorrentEvents>(event: E, listener: (...values: TorrentEvents[E]) => void): unknown;
}

export interface Client {
  listen(): Promise<PeerAddress | undefined>;
  add(source: Metainfo, options?: AddOptions): Promise<Torrent>;
  dataPath(): DataPathStats;
  profile(): ProfileReport | undefined;
  close(): Promise<void>;
  on(event: 'warning', listener: (warning: TorrentWarning) => void): unknown;
}

export interface CreateOptions {
  readonly pieceBytes?: number;
  readonly tiers?: string[][];
  readonly webSeeds?: string[];
  readonly private?: boolean;
  readonly comment?: string;
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface VerifyOptions {
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface Verification {
  readonly piecesOk: number;
  readonly pieceCount: number;
  readonly files: readonly { readonly path: string; readonly length: number; readonly bytesOk: number }[];
}

/** What the commands ask of the library. */
export interface Library {
  createClient(options: ClientOptions): Client;
  loadSource(source: string, options?: { signal?: AbortSignal }): Promise<Metainfo>;
  createTorrent(
    path: string,
    options: CreateOptions,
  ): Promise<{ readonly bytes: Uint8Array; readonly metainfo: Metainfo }>;
  verifyFiles(metainfo: Metainfo, directory: string, options: VerifyOptions): Promise<Verification>;
}

/** Until the library is merged. */
const missing = (): never => {
  throw new Error('the library is not merged yet');
};

export const library: Library = {
  createClient: missing,
  loadSource: async () => missing(),
  createTorrent: async () => missing(),
  verifyFiles: async () => missing(),
};
