// What the live display shows of several torrents at one moment, as text: a line for each, and all of them below.
import type { TorrentProgress } from '../library.ts';
import { displayWidth, fitColumns, wrapColumns } from './display-width.ts';
import { formatCountOf, formatDuration, formatRate, formatShare } from './figures.ts';
import { amount, bar, type FrameStyle, INDENT, joined } from './frame.ts';
import { printable } from './printable.ts';
import type { Transfer, TransferTotals } from './reporter.ts';

/** How much room there is. */
export interface OverviewStyle extends FrameStyle {
  readonly rows: number;
}

/** Kept free for the lines of the total, and for the shell's own. */
const OTHER_ROWS = 4;
const NAME_COLUMNS_MAX = 50;
const SHARE_COLUMNS = 9;

/** The frame of all torrents that are not at their end, the busy ones first when there is not room for all. */
export function overviewFrame(transfers: readonly Transfer[], totals: TransferTotals, style: OverviewStyle): string {
  const room = Math.max(1, style.rows - OTHER_ROWS);
  const shown = transfers.length <= room ? transfers : transfers.toSorted(busiestFirst).slice(0, room - 1);
  const hidden = transfers.length - shown.length;
  const lines = shown.map((transfer) => transferLine(transfer, style));
  if (hidden > 0)
    lines.push(
      style.palette.dim(fitColumns(`and ${formatCountOf(hidden, 'torrent')} more`, style.columns - INDENT.length)),
    );
  const share = totals.bytesWanted > 0 ? totals.bytesDone / totals.bytesWanted : 0;
  return [...lines, bar(share, style), joined(totalFacts(totals), style)].map((line) => INDENT + line).join('\n');
}

function busiestFirst(one: Transfer, other: Transfer): number {
  return rateOf(other) - rateOf(one);
}

function rateOf({ progress }: Transfer): number {
  return progress === undefined ? 0 : progress.downloadBytesPerSecond + progress.uploadBytesPerSecond;
}

function transferLine(transfer: Transfer, style: OverviewStyle): string {
  const columns = style.columns - INDENT.length;
  const nameColumns = Math.min(NAME_COLUMNS_MAX, Math.floor(columns * 0.4));
  const name = fitColumns(printable(transfer.name), nameColumns);
  const start = name + ' '.repeat(nameColumns - displayWidth(name)) + shareOf(transfer).padStart(SHARE_COLUMNS);
  const { text, isStall } = standingOf(transfer);
  const room = Math.max(0, columns - nameColumns - SHARE_COLUMNS - INDENT.length);
  const standing = room > 0 ? beginningOf(printable(text), room) : '';
  return (
    fitColumns(start, columns) + (room > 0 ? INDENT + (isStall ? style.palette.attention(standing) : standing) : '')
  );
}

/** A sentence begins with what matters, other than a name. */
function beginningOf(sentence: string, columns: number): string {
  if (displayWidth(sentence) <= columns) return sentence;
  const [line = ''] = wrapColumns(sentence, columns - 1);
  return fitColumns(`${line}…`, columns);
}

function shareOf({ progress, search }: Transfer): string {
  if (progress === undefined) return search === undefined ? '' : formatShare(search.share);
  if (progress.state === 'checking') return formatShare(progress.checked ?? 0);
  return formatShare(progress.bytesWanted > 0 ? progress.bytesDone / progress.bytesWanted : 1);
}

/** What it is doing, in as few words as can be. */
function standingOf({ progress, search }: Transfer): { readonly text: string; readonly isStall: boolean } {
  if (progress === undefined) {
    return {
      text:
        search === undefined
          ? 'starting'
          : (search.stall?.message ?? `metadata from ${formatCountOf(search.sources, 'peer')}`),
      isStall: search?.stall !== undefined,
    };
  }
  if (progress.stall !== undefined) return { text: progress.stall.message, isStall: true };
  return { text: workOf(progress), isStall: false };
}

function workOf(progress: TorrentProgress): string {
  const { state, etaSeconds, peers } = progress;
  if (state === 'seeding')
    return `seeding ${formatRate(progress.uploadBytesPerSecond)}, ratio ${progress.ratio.toFixed(2)}`;
  if (state === 'checking') return 'checking what is on disk';
  if (state === 'opening') return 'opening files';
  if (state !== 'downloading') return state;
  const left = etaSeconds === undefined ? '' : `, ${formatDuration(etaSeconds)} left`;
  return `${formatRate(progress.downloadBytesPerSecond).padStart(10)}${left}, ${formatCountOf(peers, 'peer')}`;
}

function totalFacts(totals: TransferTotals): string[] {
  const { torrents, done, failed, bytesDone, bytesWanted, downloadBytesPerSecond: rate } = totals;
  const facts = [amount(bytesDone, bytesWanted), formatRate(rate).padStart(10)];
  if (rate > 0 && bytesDone < bytesWanted) facts.push(`${formatDuration((bytesWanted - bytesDone) / rate)} left`);
  facts.push(`${done} of ${formatCountOf(torrents, 'torrent')} done`);
  if (failed > 0) facts.push(`${failed} failed`);
  if (totals.uploadBytesPerSecond > 0) facts.push(`${formatRate(totals.uploadBytesPerSecond)} up`);
  return facts;
}
