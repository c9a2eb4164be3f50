// Several torrents in plain lines: one of each when something about it has changed, and one of all of them in between.
import { formatBytes, formatDuration, formatRate, formatShare } from './figures.ts';
import type { LineSinks } from './line-reporter.ts';
import { Pacing } from './pacing.ts';
import { progressLine, situationOf } from './progress-line.ts';
import type { Transfer, TransferTotals } from './reporter.ts';
import { describeSubject, labelled, searchSentence } from './sentences.ts';

/** What is remembered of one of them. */
interface Shown {
  readonly pacing: Pacing;
  isDescribed: boolean;
}

export class LineOverview {
  readonly #sinks: Pick<LineSinks, 'out' | 'clock'>;
  readonly #shown = new Map<string, Shown>();
  #pacing: Pacing | undefined;

  constructor(sinks: Pick<LineSinks, 'out' | 'clock'>) {
    this.#sinks = sinks;
  }

  show(transfers: readonly Transfer[], totals: TransferTotals): void {
    for (const transfer of transfers) this.#showOne(transfer);
    this.#pacing ??= new Pacing(this.#sinks.clock, { beats: true });
    // That all are at their end is said by the result.
    const isOver = totals.done + totals.failed === totals.torrents;
    if (!this.#pacing.isDue(shareOf(totals), '') || totals.bytesWanted === 0 || isOver) return;
    this.#sinks.out(totalsLine(totals));
  }

  #showOne(transfer: Transfer): void {
    const shown = this.#shownOf(transfer.infoHash);
    const { search, subject, progress } = transfer;
    if (subject !== undefined && !shown.isDescribed) this.#sinks.out(describeSubject(subject));
    shown.isDescribed = subject !== undefined;
    if (progress !== undefined && progress.state !== 'opening') {
      const share = shareOf(progress);
      if (!shown.pacing.isDue(share, situationOf(progress))) return;
      this.#sinks.out(labelled(transfer, progressLine(progress, share)));
    } else if (search !== undefined && shown.pacing.isDue(search.share, search.stall?.code ?? 'metadata')) {
      this.#sinks.out(labelled(transfer, searchSentence(search)));
    }
  }

  #shownOf(infoHash: string): Shown {
    let shown = this.#shown.get(infoHash);
    if (shown === undefined) {
      shown = { pacing: new Pacing(this.#sinks.clock, { beats: false }), isDescribed: false };
      this.#shown.set(infoHash, shown);
    }
    return shown;
  }
}

function shareOf({ bytesDone, bytesWanted }: Pick<TransferTotals, 'bytesDone' | 'bytesWanted'>): number {
  return bytesWanted > 0 ? bytesDone / bytesWanted : 1;
}

function totalsLine(totals: TransferTotals): string {
  const { torrents, done, failed, bytesDone, bytesWanted, downloadBytesPerSecond: rate } = totals;
  const left = rate > 0 && bytesDone < bytesWanted ? `, ${formatDuration((bytesWanted - bytesDone) / rate)} left` : '';
  const failures = failed > 0 ? `, ${failed} failed` : '';
  const of = `${formatShare(shareOf(totals))} of ${formatBytes(bytesWanted)}`;
  return `all: ${of}, ${formatRate(rate)}${left}, ${done} of ${torrents} torrents done${failures}`;
}
