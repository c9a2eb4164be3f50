// Watching something that takes time: polls its progress at the pace the reporter wants until a promise settles.
import type { Clock } from '../base/clock.ts';
import type { LibraryTorrent, TorrentWarning } from './library.ts';
import type { Reporter, TransferReporter } from './output/reporter.ts';

/** Reports a torrent's progress and warnings until `end` settles, and once more then. */
export async function follow(torrent: LibraryTorrent, reporter: TransferReporter, end: Promise<void>): Promise<void> {
  const show = () => reporter.progress(torrent.progress());
  const onWarning = (warning: TorrentWarning) => reporter.warning(warning);
  torrent.on('warning', onWarning);
  show();
  const timer = setInterval(show, reporter.intervalMs);
  try {
    await end;
  } finally {
    clearInterval(timer);
    torrent.off('warning', onWarning);
    show();
  }
}

/** Makes a callback that reports a job over bytes, at most as often as the reporter wants. */
export function tallying(
  reporter: Reporter,
  clock: Clock,
  job: { readonly activity: string; readonly subject: string },
): (bytesDone: number, bytesWanted: number) => void {
  const startMs = clock.nowMs();
  let shownMs = Number.NEGATIVE_INFINITY;
  return (bytesDone, bytesWanted) => {
    const nowMs = clock.nowMs();
    if (bytesDone < bytesWanted && nowMs - shownMs < reporter.intervalMs) return;
    shownMs = nowMs;
    const elapsedMs = nowMs - startMs;
    const bytesPerSecond = elapsedMs > 0 ? Math.round((bytesDone / elapsedMs) * 1000) : 0;
    reporter.tally({ ...job, bytesDone, bytesWanted, bytesPerSecond });
  };
}

/** The bytes behind a count of pieces, which is what the library reports of its hashing. */
export function bytesBehind(
  { piecesDone, pieceCount }: { readonly piecesDone: number; readonly pieceCount: number },
  totalBytes: number,
): number {
  return Math.round((totalBytes * piecesDone) / pieceCount);
}
