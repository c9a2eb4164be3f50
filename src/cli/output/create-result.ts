// What a new torrent is called and how it is passed on.
import { type Metainfo, magnetLink } from '../library.ts';
import { formatBytes, formatCount, formatCountOf, formatDuration, formatRoundBytes, roundSeconds } from './figures.ts';
import { printable } from './printable.ts';
import type { Result } from './reporter.ts';

/** A torrent that was made. */
export interface Created {
  readonly metainfo: Metainfo;
  readonly seconds: number;
  /** Absent when it went to standard output. */
  readonly file?: string;
}

/** The result of `create`, for programs and for people. */
export function createResult({ metainfo, seconds, file }: Created): Result {
  const { infoHash, name, totalBytes, pieceBytes, pieceCount } = metainfo;
  const magnet = magnetLink(metainfo);
  return {
    fields: {
      infoHash,
      name,
      bytes: totalBytes,
      pieceBytes,
      pieceCount,
      seconds: roundSeconds(seconds),
      magnet,
      ...(file === undefined ? {} : { file }),
    },
    render: (palette) => {
      const files = formatCountOf(metainfo.files.filter((entry) => !entry.pad).length, 'file');
      const rows: [string, string][] = [
        ['size', `${formatBytes(totalBytes)} in ${files}, hashed in ${formatDuration(seconds)}`],
        ['pieces', `${formatCount(pieceCount)} × ${formatRoundBytes(pieceBytes)}`],
        ['info hash', palette.bold(infoHash)],
        ['magnet', magnet],
      ];
      if (file !== undefined) rows.push(['torrent', file]);
      const title = `${palette.good('created')}  ${palette.bold(printable(name))}`;
      return [title, ...rows.map(([label, value]) => `  ${palette.dim(label.padEnd(12))}${value}`)];
    },
  };
}
