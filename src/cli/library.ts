// The slice of the public library that the commands use. Tests put a fake behind it.
import type { EventEmitter } from 'node:events';
import {
  type AddOptions,
  Client,
  type ClientEvents,
  type ClientOptions,
  createTorrent,
  keptMetadata,
  loadSource,
  type Magnet,
  type MetadataSearch,
  type Metainfo,
  resolveSource,
  scrapeTrackers,
  type Torrent,
  type TorrentEvents,
  torrentFile,
  verifyFiles,
} from '../client/index.ts';

export type {
  AddOptions,
  ClientOptions,
  CreatedTorrent,
  CreateOptions,
  DataPathStats,
  FetchOptions,
  FilePriority,
  FileSelection,
  Magnet,
  Metainfo,
  MetainfoFile,
  PeerAddress,
  PeerSource,
  PortMappingStatus,
  PrioritySelection,
  ProfileReport,
  ScrapeInfo,
  SearchProgress,
  SeedGoal,
  SeedGoalReached,
  TorrentEvents,
  TorrentFile,
  TorrentProgress,
  TorrentState,
  TorrentWarning,
  VerifyResult,
} from '../client/index.ts';
export { isMagnet, magnetLink } from '../client/index.ts';

/** What the commands ask of a torrent. */
export interface LibraryTorrent
  extends Pick<Torrent, 'infoHash' | 'name' | 'metainfo' | 'state' | 'progress' | 'files' | 'completed' | 'remove'>,
    Pick<Torrent, 'error' | 'pause' | 'move' | 'select' | 'stream'>,
    Pick<EventEmitter<TorrentEvents>, 'on' | 'off'> {}

/** What the commands ask of a client. */
export interface LibraryClient
  extends Pick<Client, 'listen' | 'dataPath' | 'profile' | 'close' | 'fetchMetadata'>,
    Pick<EventEmitter<ClientEvents>, 'on'> {
  add(source: Metainfo | Magnet, options?: AddOptions): Promise<LibraryTorrent>;
  readonly searches: readonly Pick<MetadataSearch, 'progress'>[];
  readonly torrents: readonly unknown[];
}

/** What the commands ask of the library. */
export interface Library {
  createClient(options: ClientOptions): LibraryClient;
  readonly loadSource: typeof loadSource;
  readonly resolveSource: typeof resolveSource;
  readonly keptMetadata: typeof keptMetadata;
  readonly torrentFile: typeof torrentFile;
  readonly scrapeTrackers: typeof scrapeTrackers;
  readonly createTorrent: typeof createTorrent;
  readonly verifyFiles: typeof verifyFiles;
}

/** The library itself. */
export const library: Library = {
  createClient: (options) => new Client(options),
  loadSource,
  resolveSource,
  keptMetadata,
  torrentFile,
  scrapeTrackers,
  createTorrent,
  verifyFiles,
};
