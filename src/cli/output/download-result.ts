// How a download ended: what came in, how fast, what it cost and what the data path did with the bytes.
import type { DataPathStats, ProfileReport } from '../library.ts';
import type { Cost } from '../resources.ts';
import { displayWidth } from './display-width.ts';
import { formatBytes, formatCountOf, formatDuration, formatRate, formatShare, roundSeconds } from './figures.ts';
import type { Palette } from './palette.ts';
import { printable } from './printable.ts';
import { profileLines } from './profile-table.ts';
import type { Result } from './reporter.ts';

const GIB = 1024 ** 3;
/** Below this, a rate says more about the start than about the transfer. */
const RATED_BYTES_MIN = 1024 * 1024;

/** A finished download. */
export interface Download {
  readonly infoHash: string;
  readonly name: string;
  /** Where the files are; absent when they were removed. */
  readonly place?: string;
  /** Bytes that were wanted, all verified and on disk. */
  readonly bytes: number;
  /** Those of them that came in during this run. */
  readonly downloadedBytes: number;
  readonly uploadedBytes: number;
  readonly fileCount: number;
  readonly cost: Cost;
  readonly dataPath: DataPathStats;
  readonly profile?: ProfileReport;
  /** Said by who checked the files apart from the engine. */
  readonly proof?: string;
}

/** The result of a download, for programs and for people. */
export function downloadResult(download: Download): Result {
  return { fields: fieldsOf(download), render: (palette) => linesOf(download, palette) };
}

/** Of one download among several: without what is measured of the process, for that is of all of them. */
export function transferFields(download: Download): Record<string, unknown> {
  const { infoHash, name, bytes, downloadedBytes, uploadedBytes, cost, place } = download;
  return {
    infoHash,
    name,
    bytes,
    downloadedBytes,
    uploadedBytes,
    seconds: roundSeconds(cost.seconds),
    ...(place === undefined ? {} : { path: place }),
  };
}

/** That one of several downloads is done, for people. */
export function downloadSentence({ name, bytes, downloadedBytes, fileCount, cost }: Download): string {
  const how = downloadedBytes === 0 ? 'was here already' : `in ${formatDuration(cost.seconds)}`;
  return `done: ${name}, ${formatBytes(bytes)} in ${formatCountOf(fileCount, 'file')}, ${how}`;
}

function fieldsOf(download: Download): Record<string, unknown> {
  const { cost, dataPath, profile, proof } = download;
  const { placedBytes, copiedBytes, wastedBytes, readBackBytes, reads, sealedBytes } = dataPath;
  return {
    ...transferFields(download),
    peakRssBytes: cost.peakRssBytes,
    cpuSeconds: roundSeconds(cost.cpuSeconds),
    dataPath: { placedBytes, copiedBytes, wastedBytes, readBackBytes, reads, sealedBytes },
    ...(proof === undefined ? {} : { proof }),
    ...(profile === undefined ? {} : { profile }),
  };
}

function linesOf(download: Download, palette: Palette): string[] {
  const { bytes, downloadedBytes, cost } = download;
  const title = `${palette.good('done')}  ${palette.bold(printable(download.name))}`;
  const rows: [string, string][] = [
    ['size', `${formatBytes(bytes)} in ${formatCountOf(download.fileCount, 'file')}, every piece verified`],
  ];
  if (downloadedBytes < bytes) rows.push(['already here', formatBytes(bytes - downloadedBytes)]);
  if (downloadedBytes > 0) rows.push(['time', formatDuration(cost.seconds)]);
  if (downloadedBytes >= RATED_BYTES_MIN) {
    rows.push(['rate', palette.bold(formatRate(downloadedBytes / cost.seconds))]);
    rows.push(['CPU', `${((cost.cpuSeconds / downloadedBytes) * GIB).toFixed(2)} s per GiB`]);
  }
  rows.push(['memory', `${formatBytes(cost.peakRssBytes)} at its peak`]);
  if (downloadedBytes > 0) rows.push(['copied', copiedSentence(download.dataPath)]);
  if (download.proof !== undefined) rows.push(['proof', palette.good(download.proof)]);
  if (download.place !== undefined) rows.push(['files', download.place]);
  const table = rows.map(([label, value]) => `  ${palette.dim(padded(label))}${value}`);
  return [title, ...table, ...(download.profile === undefined ? [] : ['', ...profileLines(download.profile, palette)])];
}

function copiedSentence({ placedBytes, copiedBytes, wastedBytes, readBackBytes }: DataPathStats): string {
  const received = placedBytes + copiedBytes;
  const share = received > 0 ? formatShare(copiedBytes / received) : '0.0 %';
  return `${formatBytes(copiedBytes)} of ${formatBytes(received)} (${share}), wasted ${formatBytes(wastedBytes)}, read back ${formatBytes(readBackBytes)}`;
}

function padded(label: string): string {
  return label + ' '.repeat(Math.max(1, 14 - displayWidth(label)));
}
