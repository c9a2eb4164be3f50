// How a move ended: what went where.
import type { LibraryTorrent } from '../library.ts';
import { formatBytes, formatDuration, roundSeconds } from './figures.ts';
import { printable } from './printable.ts';
import type { Result } from './reporter.ts';

/** A move that is done. */
export interface Move {
  readonly torrent: LibraryTorrent;
  readonly from: string;
  readonly to: string;
  /** What is there of the torrent. */
  readonly bytes: number;
  readonly seconds: number;
}

/** The result of a move, for programs and for people. */
export function moveResult({ torrent, from, to, bytes, seconds }: Move): Result {
  const { infoHash, name } = torrent;
  return {
    fields: { infoHash, name, from, to, bytes, seconds: roundSeconds(seconds) },
    render: (palette) => [
      `${palette.good('moved')}  ${palette.bold(printable(name))}`,
      `  ${formatBytes(bytes)} to ${printable(to)} in ${formatDuration(seconds)}`,
    ],
  };
}
