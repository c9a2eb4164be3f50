// How several downloads ended together.
import type { Downloaded } from '../downloads.ts';
import type { DataPathStats, ProfileReport } from '../library.ts';
import type { Cost } from '../resources.ts';
import { type Download, downloadResult } from './download-result.ts';
import { formatCountOf } from './figures.ts';
import type { Failure, Result } from './reporter.ts';

/** What is measured of all of them together. */
export interface Together {
  readonly cost: Cost;
  readonly dataPath: DataPathStats;
  readonly profile?: ProfileReport | undefined;
  readonly directory: string;
}

/** The result of downloads that are all done. */
export function downloadsResult({ done }: Downloaded, together: Together): Result {
  const { cost, dataPath, profile, directory: place } = together;
  const sum = (field: (download: Download) => number) => done.reduce((total, download) => total + field(download), 0);
  const result = downloadResult({
    infoHash: '',
    name: formatCountOf(done.length, 'torrent'),
    place,
    bytes: sum(({ bytes }) => bytes),
    downloadedBytes: sum(({ downloadedBytes }) => downloadedBytes),
    uploadedBytes: sum(({ uploadedBytes }) => uploadedBytes),
    fileCount: sum(({ fileCount }) => fileCount),
    cost,
    dataPath,
    ...(profile && { profile }),
  });
  const { infoHash, name, ...fields } = result.fields;
  return { fields: { torrents: done.length, ...fields }, render: result.render };
}

/** The failure of a command some of whose torrents were stopped: its status is that of the worst. */
export function someFailed({ done, stopped }: Downloaded): Failure {
  const torrents = done.length + stopped.length;
  const names = stopped.map(({ name, failure }) => `${name} (${failure.code})`).join(', ');
  return {
    code: 'ERR_CLI_SOME_FAILED',
    message: `${stopped.length} of ${formatCountOf(torrents, 'torrent')} failed: ${names}; the same command tries again`,
    exitCode: Math.max(...stopped.map(({ failure }) => failure.exitCode)),
    fields: { torrents, failed: stopped.length },
  };
}
