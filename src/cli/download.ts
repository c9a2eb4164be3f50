// One download from adding the torrent to its last verified piece, reported as it goes.

import { follow } from './follow.ts';
import { spaceWarning } from './free-space.ts';
import type { AddOptions, LibraryClient, LibraryTorrent, Magnet, Metainfo } from './library.ts';
import type { Download } from './output/download-result.ts';
import type { Subject, TransferReporter } from './output/reporter.ts';
import type { CostMeter } from './resources.ts';
import { searching } from './searching.ts';

/** What to download and who watches. */
export interface DownloadJob {
  readonly client: LibraryClient;
  readonly reporter: TransferReporter;
  readonly source: Metainfo | Magnet;
  readonly add: AddOptions & { readonly directory: string };
  readonly meter: CostMeter;
  readonly signal: AbortSignal;
  /** Is told how many bytes are to come, in the moment in which they begin to; it warns when there is no room for them. */
  readonly begins?: (missingBytes: number) => Promise<void>;
}

/** A finished download and its torrent, which may go on seeding. */
export interface FinishedDownload {
  readonly torrent: LibraryTorrent;
  readonly download: Download;
}

/** Downloads; rejects with what stopped the torrent, or when the signal aborts. */
export async function download(job: DownloadJob): Promise<FinishedDownload> {
  const { client, reporter, meter } = job;
  const torrent = await addTorrent(job);
  reporter.begin(subjectOf(torrent.metainfo, job.add.directory));
  let spaceAsked = Promise.resolve();
  const presentBytes = bytesPresentAtStart(torrent, (missingBytes) => {
    spaceAsked = job.begins?.(missingBytes) ?? warnOfSpace(job, missingBytes);
  });
  await follow(torrent, reporter, torrent.completed(job.signal));
  await spaceAsked;
  const cost = meter.read();
  const progress = torrent.progress();
  const profile = client.profile();
  return {
    torrent,
    download: {
      infoHash: torrent.infoHash,
      name: torrent.name,
      bytes: progress.bytesWanted,
      downloadedBytes: Math.max(0, progress.bytesWanted - (presentBytes() ?? progress.bytesWanted)),
      uploadedBytes: progress.uploadedBytes,
      fileCount: torrent.files().filter((file) => file.selected && !file.pad).length,
      cost,
      dataPath: client.dataPath(),
      ...(profile === undefined ? {} : { profile }),
    },
  };
}

async function warnOfSpace({ reporter, add }: DownloadJob, missingBytes: number): Promise<void> {
  const warning = await spaceWarning(add.directory, missingBytes);
  if (warning !== undefined) reporter.warning(warning);
}

/** Adds the torrent; the metadata of a magnet link may be long in coming, and its search is reported meanwhile. */
export async function addTorrent({
  client,
  reporter,
  source,
  add,
  signal,
}: Omit<DownloadJob, 'meter'>): Promise<LibraryTorrent> {
  return await searching({ client, reporter, infoHash: source.infoHash }, client.add(source, { ...add, signal }));
}

/** What people are told about a torrent before its transfer. */
export function subjectOf(metainfo: Metainfo, directory: string): Subject {
  const { infoHash, name, totalBytes, pieceCount, pieceBytes } = metainfo;
  const fileCount = metainfo.files.filter((file) => !file.pad).length;
  return { infoHash, name, totalBytes, pieceCount, pieceBytes, fileCount, directory };
}

/** Notes how much was there, from before or by a check, in the moment in which the torrent starts to download. */
function bytesPresentAtStart(
  torrent: LibraryTorrent,
  starts: (missingBytes: number) => void,
): () => number | undefined {
  let bytes: number | undefined;
  const note = () => {
    if (torrent.state !== 'downloading' || bytes !== undefined) return;
    const { bytesDone, bytesWanted } = torrent.progress();
    bytes = bytesDone;
    starts(bytesWanted - bytesDone);
  };
  note();
  torrent.on('state', note);
  return () => bytes;
}
