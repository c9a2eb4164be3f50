// The public library: what `import … from 'millrace'` gives.
export type { Bitfield } from '../base/bitfield.ts';
export { InputError, MillraceError, PeerError, SourceError, StorageError } from '../base/errors.ts';
export type { Magnet } from '../protocol/magnet/magnet.ts';
export type { InfoHash } from '../protocol/metainfo/info-hash.ts';
export type { Metainfo, MetainfoFile, TorrentInfo } from '../protocol/metainfo/metainfo.ts';
export { Client, type ClientEvents } from './client.ts';
export type { ClientDht } from './client-dht.ts';
export { type CreatedTorrent, createTorrent } from './create.ts';
export type { CreateOptions, CreateProgress } from './create-options.ts';
export type {
  DhtHome,
  DhtOptions,
  DhtStatus,
  InfoHashSample,
  KeptValue,
  SampleOptions,
  StoredValue,
  SwarmEstimate,
  ValueSigner,
} from './dht-types.ts';
export type { FileRange } from './file-span.ts';
export { magnetLink } from './magnet-link.ts';
export { isMagnet, type MetadataSearch } from './metadata-search.ts';
export type { PortMapping, PortMappingStatus } from './port-mapping-types.ts';
export { type ScrapeInfo, type ScrapeOptions, scrapeTrackers } from './scrape.ts';
export { keptMetadata, type LoadOptions, loadSource, resolveSource } from './source.ts';
export type { Torrent } from './torrent.ts';
export { torrentFile } from './torrent-file.ts';
export type {
  AddOptions,
  ClientOptions,
  DataPathStats,
  EncryptionMode,
  FetchOptions,
  FilePriority,
  FileSelection,
  IpFilterReport,
  IpFilterSource,
  Limits,
  MoveOptions,
  PeerAddress,
  PeerInfo,
  PeerSource,
  PrioritySelection,
  ProfileGauge,
  ProfileReport,
  ProfileStage,
  RateLimits,
  Scheduling,
  SearchProgress,
  SeedGoal,
  SeedGoalReached,
  StallReason,
  TorrentEvents,
  TorrentFile,
  TorrentLimitChanges,
  TorrentProgress,
  TorrentState,
  TorrentWarning,
  TrackerInfo,
  UtpMode,
  WebSeedInfo,
} from './types.ts';
export {
  type VerifiedFile,
  type VerifyOptions,
  type VerifyProgress,
  type VerifyResult,
  verifyFiles,
} from './verify.ts';
