// How far a torrent is, in one plain line.
import type { TorrentProgress } from '../library.ts';
import { formatBytes, formatCountOf, formatDuration, formatRate, formatShare } from './figures.ts';
import { printable } from './printable.ts';
import { originsOf, webSeedsOf } from './sentences.ts';

/** What is worth a line of its own when it changes; empty while all goes as it should. */
export function situationOf({ state, stall }: TorrentProgress): string {
  return state === 'downloading' ? (stall?.code ?? '') : state;
}

/** A download, a check or seeding in one line. */
export function progressLine(progress: TorrentProgress, share: number): string {
  const origins = originsOf(progress.peersFrom);
  const utp = progress.utpPeers > 0 ? `, ${progress.utpPeers} over uTP` : '';
  const peers = formatCountOf(progress.peers, 'peer') + utp + (origins === '' ? '' : ` (${origins})`);
  if (progress.state === 'checking') return `checking what is on disk: ${formatShare(progress.checked ?? 0)}`;
  if (progress.state === 'seeding') {
    const rate = formatRate(progress.uploadBytesPerSecond);
    return `seeding: ${rate}, ${formatBytes(progress.uploadedBytes)} sent, ratio ${progress.ratio.toFixed(2)}, ${peers}`;
  }
  if (progress.state !== 'downloading') return progress.state;
  const eta = progress.etaSeconds === undefined ? '' : `, ${formatDuration(progress.etaSeconds)} left`;
  const stall = progress.stall === undefined ? '' : `, ${printable(progress.stall.message)}`;
  return `${formatShare(share)}, ${formatRate(progress.downloadBytesPerSecond)}${eta}, ${peers}${webSeedsOf(progress)}${stall}`;
}
