// What the live display shows at one moment, as text: a pure function of progress and style, so that it can be
// tested and looked at without a terminal. Every line fits the width, and figures keep their columns while they change.
import type { SearchProgress, TorrentProgress } from '../library.ts';
import { displayWidth, fitColumns, wrapColumns } from './display-width.ts';
import { formatBytes, formatCount, formatCountOf, formatDuration, formatRate, formatShare } from './figures.ts';
import type { Palette } from './palette.ts';
import { printable } from './printable.ts';
import type { Tally } from './reporter.ts';
import { originsOf, searchSentence, webSeedsOf } from './sentences.ts';

/** How a frame is drawn. */
export interface FrameStyle {
  readonly columns: number;
  readonly palette: Palette;
  readonly unicode: boolean;
}

export const INDENT = '  ';
const BAR_COLUMNS_MAX = 72;
/** The most that `formatBytes` takes: "0.98 KiB". */
const BYTES_COLUMNS = 8;

/** The frame of a torrent that is opened, checked, downloaded or seeded. */
export function torrentFrame(name: string, progress: TorrentProgress, style: FrameStyle): string {
  const title = style.palette.bold(fitColumns(name, style.columns - INDENT.length));
  const lines = progress.state === 'seeding' ? seedingLines(progress, style) : loadingLines(progress, style);
  return [title, ...lines].map((line) => INDENT + line).join('\n');
}

/** The frame of a magnet link whose metadata is not there yet. */
export function searchFrame(progress: SearchProgress, style: FrameStyle): string {
  const name = printable(progress.name ?? progress.infoHash);
  const title = style.palette.bold(fitColumns(name, style.columns - INDENT.length));
  const paint = progress.stall === undefined ? style.palette.dim : style.palette.attention;
  return [title, ...sentence(searchSentence(progress), paint, style)].map((line) => INDENT + line).join('\n');
}

/** The frame of a job that goes through bytes: hashing, checking, making. */
export function tallyFrame(tally: Tally, style: FrameStyle): string {
  const share = tally.bytesWanted > 0 ? tally.bytesDone / tally.bytesWanted : 1;
  const facts = [amount(tally.bytesDone, tally.bytesWanted)];
  if (tally.bytesPerSecond > 0) facts.push(formatRate(tally.bytesPerSecond).padStart(10));
  const title = style.palette.bold(fitColumns(`${tally.activity} ${tally.subject}`, style.columns - INDENT.length));
  return [title, bar(share, style), joined(facts, style)].map((line) => INDENT + line).join('\n');
}

function loadingLines(progress: TorrentProgress, style: FrameStyle): string[] {
  if (progress.state === 'checking') {
    return [bar(progress.checked ?? 0, style), ...sentence('checking what is on disk', style.palette.dim, style)];
  }
  const share = progress.bytesWanted > 0 ? progress.bytesDone / progress.bytesWanted : 1;
  const lines = [bar(share, style), joined(downloadFacts(progress), style)];
  const remark = remarkOn(progress);
  if (remark) lines.push(...sentence(remark, style.palette.attention, style));
  return lines;
}

function sentence(text: string, paint: (line: string) => string, style: FrameStyle): string[] {
  return wrapColumns(text, style.columns - INDENT.length).map((line) => paint(line));
}

function seedingLines(progress: TorrentProgress, style: FrameStyle): string[] {
  const facts = [
    `seeding ${formatRate(progress.uploadBytesPerSecond).padStart(11)}`,
    `${formatBytes(progress.uploadedBytes).padStart(8)} sent`,
    `ratio ${progress.ratio.toFixed(2).padStart(5)}`,
    formatCountOf(progress.peers, 'peer'),
  ];
  return [joined(facts, style)];
}

/** Most important first: what does not fit is left out from the end. */
function downloadFacts(progress: TorrentProgress): string[] {
  const wanted = formatCount(progress.piecesWanted);
  const facts = [amount(progress.bytesDone, progress.bytesWanted)];
  if (progress.stall === undefined) facts.push(formatRate(progress.downloadBytesPerSecond).padStart(10));
  if (progress.etaSeconds !== undefined) facts.push(`${formatDuration(progress.etaSeconds)} left`.padStart(11));
  facts.push(peersOf(progress));
  facts.push(`${formatCount(progress.piecesDone).padStart(wanted.length)}/${wanted} pieces`);
  if (progress.uploadedBytes > 0) facts.push(`${formatBytes(progress.uploadedBytes)} sent`);
  const origins = originsOf(progress.peersFrom);
  if (origins !== '') facts.push(`from ${origins}`);
  if (progress.utpPeers > 0) facts.push(`${formatCount(progress.utpPeers)} over uTP`);
  return facts;
}

function peersOf(progress: TorrentProgress): string {
  const seeds = progress.seeds > 0 ? ` (${formatCountOf(progress.seeds, 'seed')})` : '';
  return formatCountOf(progress.peers, 'peer') + seeds + webSeedsOf(progress);
}

function remarkOn(progress: TorrentProgress): string | undefined {
  if (progress.state === 'opening') return 'opening files';
  if (progress.state === 'paused') return 'paused';
  return progress.stall?.message;
}

/** "1.00 MiB of 2.00 GiB", as wide at every moment. */
export function amount(done: number, wanted: number): string {
  const whole = ` of ${formatBytes(wanted)}`;
  return `${formatBytes(done)}${whole}`.padEnd(BYTES_COLUMNS + whole.length);
}

/** Joins as many facts as fit the width; the first one always stays. */
export function joined(facts: readonly string[], style: FrameStyle): string {
  const separator = style.unicode ? ' · ' : ' | ';
  const room = style.columns - INDENT.length;
  let line = fitColumns(facts[0] ?? '', room);
  for (const fact of facts.slice(1)) {
    const longer = line + separator + fact;
    if (displayWidth(longer) > room) break;
    line = longer;
  }
  return line;
}

/** A bar with its percentage. */
export function bar(share: number, { columns, palette, unicode }: FrameStyle): string {
  const label = formatShare(share).padStart(8);
  const width = Math.max(0, Math.min(BAR_COLUMNS_MAX, columns - INDENT.length - label.length));
  const done = Math.min(width, Math.max(0, Math.floor(share * width)));
  const [full, empty] = unicode ? ['━', '─'] : ['#', '-'];
  return palette.accent(full.repeat(done)) + palette.dim(empty.repeat(width - done)) + label;
}
