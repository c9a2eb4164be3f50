// The slice of the public library that the commands use. Tests put a fake behind it.
import type { EventEmitter } from 'node:events';
import {
  type AddOptions,
  Client,
  type ClientEvents,
  type ClientOptions,
  createTorrent,
  loadSource,
  type Metainfo,
  type Torrent,
  type TorrentEvents,
  verifyFiles,
} from '../client/index.ts';

export type {
  AddOptions,
  ClientOptions,
  CreatedTorrent,
  CreateOptions,
  DataPathStats,
  Metainfo,
  MetainfoFile,
  PeerAddress,
  TorrentEvents,
  TorrentFile,
  TorrentProgress,
  TorrentState,
  TorrentWarning,
  VerifiedFile,
  VerifyResult,
} from '../client/index.ts';

/** Where the time of a download went, stage by stage. */
export interface ProfileReport {
  readonly stages: readonly ProfileStage[];
  readonly gauges: readonly { readonly name: string; readonly value: number; readonly unit: string }[];
  /** One sentence. */
  readonly bottleneck: string;
}

/** A stage of the data path. */
interface ProfileStage {
  readonly name: string;
  readonly calls: number;
  readonly ms: number;
  readonly bytes: number;
}

/** What the commands ask of a torrent. */
export interface LibraryTorrent
  extends Pick<Torrent, 'infoHash' | 'name' | 'state' | 'progress' | 'files' | 'completed' | 'remove'>,
    Pick<EventEmitter<TorrentEvents>, 'on' | 'off'> {}

/** What the commands ask of a client. */
export interface LibraryClient
  extends Pick<Client, 'listen' | 'dataPath' | 'close'>,
    Pick<EventEmitter<ClientEvents>, 'on'> {
  add(source: Metainfo, options?: AddOptions): Promise<LibraryTorrent>;
  /** Absent in a client that cannot measure. */
  profile?(): ProfileReport | undefined;
}

/** What the commands ask of the library. */
export interface Library {
  createClient(options: ClientOptions): LibraryClient;
  readonly loadSource: typeof loadSource;
  readonly createTorrent: typeof createTorrent;
  readonly verifyFiles: typeof verifyFiles;
}

/** The library itself. */
export const library: Library = {
  createClient: (options) => new Client(options),
  loadSource,
  createTorrent,
  verifyFiles,
};
