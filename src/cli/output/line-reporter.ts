// Output into a pipe or a file: plain lines that stay, few enough to read afterwards.
import type { Clock } from '../../base/clock.ts';
import { formatAddress } from '../arguments/address.ts';
import type { PeerAddress, PortMappingStatus, SearchProgress, TorrentProgress, TorrentWarning } from '../library.ts';
import { formatBytes, formatShare } from './figures.ts';
import { LineOverview } from './line-overview.ts';
import { Pacing } from './pacing.ts';
import type { Palette } from './palette.ts';
import { printable } from './printable.ts';
import { progressLine, situationOf } from './progress-line.ts';
import type { Failure, Reporter, Result, Subject, Tally, Transfer, TransferTotals } from './reporter.ts';
import { describeSubject, failureLines, labelled, portMappingSentence, searchSentence } from './sentences.ts';

/** Where lines go. Problems go apart, so that they are seen when standard output is a file. */
export interface LineSinks {
  out(line: string): void;
  problem(line: string): void;
  readonly palette: Palette;
  readonly clock: Clock;
}

/** Reports to a pipe: a line at the start, every ten percent or few seconds, and at the end. */
export class LineReporter implements Reporter {
  readonly intervalMs: number = 250;
  readonly #sinks: LineSinks;
  readonly #pacing: Pacing;
  readonly #overview: LineOverview;
  #isLoading = false;
  #mapped = '';

  constructor(sinks: LineSinks) {
    this.#sinks = sinks;
    this.#pacing = new Pacing(sinks.clock, { beats: true });
    this.#overview = new LineOverview(sinks);
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
    if (this.#pacing.isDue(progress.share, progress.stall?.code ?? 'metadata'))
      this.#sinks.out(searchSentence(progress));
  }

  begin(subject: Subject): void {
    this.#sinks.out(describeSubject(subject));
  }

  progress(progress: TorrentProgress): void {
    const share = progress.bytesWanted > 0 ? progress.bytesDone / progress.bytesWanted : 1;
    if (progress.state === 'opening') return;
    const wasLoading = this.#isLoading;
    this.#isLoading = progress.state === 'downloading';
    if (!this.#pacing.isDue(share, situationOf(progress))) return;
    const isJustDone = wasLoading && progress.state === 'seeding';
    this.#sinks.out(isJustDone ? formatShare(1) : progressLine(progress, share));
  }

  tally(tally: Tally): void {
    const share = tally.bytesWanted > 0 ? tally.bytesDone / tally.bytesWanted : 1;
    if (!this.#pacing.isDue(share, tally.activity)) return;
    this.#sinks.out(`${tally.activity} ${tally.subject}: ${formatShare(share)} of ${formatBytes(tally.bytesWanted)}`);
  }

  warning(warning: TorrentWarning, about?: Pick<Transfer, 'name'>): void {
    this.#sinks.problem(`warning: ${labelled(about, warning.message)}`);
  }

  overview(transfers: readonly Transfer[], totals: TransferTotals): void {
    this.#overview.show(transfers, totals);
  }

  transferDone(sentence: string): void {
    this.#sinks.out(printable(sentence));
  }

  transferFailed(transfer: Transfer, { message }: Failure): void {
    this.#sinks.problem(`failed: ${labelled(transfer, message)}`);
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
}
