// The public library: what `import … from 'millrace'` gives.
export { InputError, MillraceError, PeerError, SourceError, StorageError } from '../base/errors.ts';
export type { Metainfo, MetainfoFile } from '../protocol/metainfo/metainfo.ts';
export { Client, type ClientEvents } from './client.ts';
export { type CreatedTorrent, createTorrent } from './create.ts';
export type { CreateOptions, CreateProgress } from './create-options.ts';
export { type LoadOptions, loadSource } from './source.ts';
export { Torrent } from './torrent.ts';
export type {
  AddOptions,
  ClientOptions,
  DataPathStats,
  PeerAddress,
  PeerInfo,
  ProfileGauge,
  ProfileReport,
  ProfileStage,
  StallReason,
  TorrentEvents,
  TorrentFile,
  TorrentProgress,
  TorrentState,
  TorrentWarning,
} from './types.ts';
export {
  type VerifiedFile,
  type VerifyOptions,
  type VerifyProgress,
  type VerifyResult,
  verifyFiles,
} from './verify.ts';
