// Output into a pipe or a file: plain lines that stay, few enough to read afterwards.
import type { Clock } from '../../base/clock.ts';
import { formatAddress } from '../arguments/address.ts';
import type { PeerAddress, PortMappingStatus, SearchProgress, TorrentProgress, TorrentWarning } from '../library.ts';
import { formatBytes, formatCountOf, formatDuration, formatRate, formatShare } from './figures.ts';
import type { Palette } from './palette.ts';
import { printable } from './printable.ts';
import type { Failure, Reporter, Result, Subject, Tally } from './reporter.ts';
import {
  describeSubject,
  failureLines,
  originsOf,
  portMappingSentence,
  searchSentence,
  webSeedsOf,
} from './sentences.ts';

/** Where lines go. Problems go apart, so that they are seen when standard output is a file. */
export interface LineSinks {
  out(line: string): void;
  problem(line: string): void;
  readonly palette: Palette;
  readonly clock: Clock;
}

const MINUTE_MS = 60_000;
/** Between two lines of progress in the first minute, and later: an hour's download is no thousand lines. */
const FIRST_INTERVAL_MS = 5_000;
const LATER_INTERVAL_MS = 30_000;

/** Reports to a pipe: a line at the start, every ten percent or few seconds, and at the end. */
export class LineReporter implements Reporter {
  readonly intervalMs: number = 250;
  readonly #sinks: LineSinks;
  readonly #startMs: number;
  #shownMs: number;
  #shownTenth = 0;
  #shownSituation = '';
  #isLoading = false;
  #mapped = '';

  constructor(sinks: LineSinks) {
    this.#sinks = sinks;
    this.#startMs = sinks.clock.nowMs();
    this.#shownMs = this.#startMs;
  }

  listening(address: PeerAddress): void {
    this.#sinks.out(`listening on ${formatAddress(address)}`);
  }

  /** Said once: a router that lets nobody in is nothing to worry people with. */
  portMapping(status: PortMappingStatus): void {
    const sentence = portMappingSentence(status);
    if (sentence === undefined || sentence === this.#mapped) return;
    this.#mapped = sentence;
    this.#sinks.out(sentence);
  }

  searching(progress: SearchProgress): void {
    if (this.#isDue(progress.share, progress.stall?.code ?? 'metadata')) this.#sinks.out(searchSentence(progress));
  }

  begin(subject: Subject): void {
    this.#sinks.out(describeSubject(subject));
  }

  progress(progress: TorrentProgress): void {
    const share = progress.bytesWanted > 0 ? progress.bytesDone / progress.bytesWanted : 1;
    if (progress.state === 'opening') return;
    const wasLoading = this.#isLoading;
    this.#isLoading = progress.state === 'downloading';
    if (!this.#isDue(share, situationOf(progress))) return;
    const isJustDone = wasLoading && progress.state === 'seeding';
    this.#sinks.out(isJustDone ? formatShare(1) : progressLine(progress, share));
  }

  tally(tally: Tally): void {
    const share = tally.bytesWanted > 0 ? tally.bytesDone / tally.bytesWanted : 1;
    if (!this.#isDue(share, tally.activity)) return;
    this.#sinks.out(`${tally.activity} ${tally.subject}: ${formatShare(share)} of ${formatBytes(tally.bytesWanted)}`);
  }

  warning(warning: TorrentWarning): void {
    this.#sinks.problem(`warning: ${printable(warning.message)}`);
  }

  notice(text: string): void {
    this.#sinks.problem(text);
  }

  findings(render: Result['render']): void {
    for (const line of render(this.#sinks.palette)) this.#sinks.out(line);
  }

  done(result: Result): void {
    this.findings(result.render);
  }

  failed(failure: Failure): void {
    for (const line of failureLines(failure)) this.#sinks.problem(line);
  }

  /** There is nothing to give back. */
  close(): void {
    return;
  }

  /** A line is due when another tenth is done, when something else is going on, or when it has been quiet for long. */
  #isDue(share: number, situation: string): boolean {
    const nowMs = this.#sinks.clock.nowMs();
    const tenth = Math.floor(share * 10);
    const intervalMs = nowMs - this.#startMs < MINUTE_MS ? FIRST_INTERVAL_MS : LATER_INTERVAL_MS;
    const changed = situation !== this.#shownSituation;
    if (!changed && tenth === this.#shownTenth && nowMs - this.#shownMs < intervalMs) return false;
    this.#shownSituation = situation;
    this.#shownTenth = tenth;
    this.#shownMs = nowMs;
    return true;
  }
}

/** What is worth a line of its own when it changes; empty while all goes as it should. */
function situationOf({ state, stall }: TorrentProgress): string {
  return state === 'downloading' ? (stall?.code ?? '') : state;
}

function progressLine(progress: TorrentProgress, share: number): string {
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
