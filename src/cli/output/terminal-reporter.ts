// The live display of an interactive terminal: a few lines that are redrawn in place, with lasting lines above them.
import { createLogUpdate } from 'log-update';
import type { Clock } from '../../base/clock.ts';
import { formatAddress } from '../arguments/address.ts';
import type { PeerAddress, PortMappingStatus, SearchProgress, TorrentProgress, TorrentWarning } from '../library.ts';
import { wrapColumns } from './display-width.ts';
import { type FrameStyle, searchFrame, tallyFrame, torrentFrame } from './frame.ts';
import { overviewFrame } from './overview-frame.ts';
import type { Palette } from './palette.ts';
import { printable } from './printable.ts';
import type { Failure, Reporter, Result, Subject, Tally, Transfer, TransferTotals } from './reporter.ts';
import { failureLines, labelled, portMappingSentence } from './sentences.ts';

/** The terminal to draw on. */
export interface Screen {
  readonly stream: NodeJS.WritableStream & { readonly columns?: number; readonly rows?: number };
  /** Lines for standard error, which may be elsewhere. */
  problem(line: string): void;
  readonly palette: Palette;
  readonly unicode: boolean;
  readonly clock: Clock;
}

/** The live lines never fill the last column: some terminals wrap there. */
const MARGIN_COLUMNS = 1;
const INDENT = '  ';
const COLUMNS_DEFAULT = 80;
const ROWS_DEFAULT = 24;
/** The same warning is not repeated within this time. */
const REPEAT_MS = 60_000;

/** Reports to a person who watches. */
export class TerminalReporter implements Reporter {
  readonly intervalMs: number = 150;
  readonly #screen: Screen;
  readonly #live: ReturnType<typeof createLogUpdate>;
  readonly #warnedAtMs = new Map<string, number>();
  #name = '';
  #isDrawn = false;
  #isOpening = false;
  #mapped = '';

  constructor(screen: Screen) {
    this.#screen = screen;
    this.#live = createLogUpdate(screen.stream);
  }

  listening(address: PeerAddress): void {
    this.#lasting(`listening on ${formatAddress(address)}`, this.#screen.palette.dim);
  }

  /** Said once: a router that lets nobody in is nothing to worry people with. */
  portMapping(status: PortMappingStatus): void {
    const sentence = portMappingSentence(status);
    if (sentence === undefined || sentence === this.#mapped) return;
    this.#mapped = sentence;
    this.#lasting(sentence, this.#screen.palette.dim);
  }

  searching(progress: SearchProgress): void {
    this.#draw(searchFrame(progress, this.#style()));
  }

  begin(subject: Subject): void {
    this.#name = printable(subject.name);
  }

  progress(progress: TorrentProgress): void {
    // What is refused before its files are open leaves no bar behind that says nothing.
    const isNews = progress.state !== 'error' && (progress.state !== 'opening' || this.#isOpening);
    this.#isOpening = true;
    if (!isNews && !this.#isDrawn) return;
    const stall = progress.stall && { ...progress.stall, message: printable(progress.stall.message) };
    this.#draw(torrentFrame(this.#name, stall ? { ...progress, stall } : progress, this.#style()));
  }

  tally(tally: Tally): void {
    this.#draw(tallyFrame({ ...tally, subject: printable(tally.subject) }, this.#style()));
  }

  overview(transfers: readonly Transfer[], totals: TransferTotals): void {
    this.#draw(overviewFrame(transfers, totals, { ...this.#style(), rows: this.#screen.stream.rows ?? ROWS_DEFAULT }));
  }

  transferDone(sentence: string): void {
    this.#lasting(printable(sentence), this.#screen.palette.good);
  }

  transferFailed(transfer: Transfer, { message }: Failure): void {
    this.#lasting(`failed: ${labelled(transfer, message)}`, this.#screen.palette.attention);
  }

  warning(warning: TorrentWarning, about?: Pick<Transfer, 'name'>): void {
    const key = `${warning.code} ${about?.name ?? ''} ${warning.message}`;
    const nowMs = this.#screen.clock.nowMs();
    const lastMs = this.#warnedAtMs.get(key);
    if (lastMs !== undefined && nowMs - lastMs < REPEAT_MS) return;
    for (const [other, otherMs] of this.#warnedAtMs) if (nowMs - otherMs >= REPEAT_MS) this.#warnedAtMs.delete(other);
    this.#warnedAtMs.set(key, nowMs);
    this.#lasting(`! ${labelled(about, warning.message)}`, this.#screen.palette.attention);
  }

  notice(text: string): void {
    this.#lasting(text, this.#screen.palette.dim);
  }

  findings(render: Result['render']): void {
    this.#erase();
    for (const line of render(this.#screen.palette)) this.#screen.stream.write(`${line}\n`);
  }

  done(result: Result): void {
    this.findings(result.render);
  }

  /** Leaves the last frame standing: it shows how far things went. */
  failed(failure: Failure): void {
    this.close();
    for (const line of failureLines(failure)) this.#screen.problem(line);
  }

  close(): void {
    if (this.#isDrawn) this.#live.done();
    this.#isDrawn = false;
  }

  #style(): FrameStyle {
    const columns = (this.#screen.stream.columns ?? COLUMNS_DEFAULT) - MARGIN_COLUMNS;
    return { columns, palette: this.#screen.palette, unicode: this.#screen.unicode };
  }

  #draw(frame: string): void {
    this.#isDrawn = true;
    this.#live(frame);
  }

  /** Writes a line that stays, above the live ones. */
  #lasting(sentence: string, paint: (text: string) => string): void {
    const lines = wrapColumns(sentence, this.#style().columns - INDENT.length);
    const text = lines.map((line) => INDENT + paint(line)).join('\n');
    if (this.#isDrawn) this.#live.persist(text);
    else this.#screen.stream.write(`${text}\n`);
  }

  #erase(): void {
    if (!this.#isDrawn) return;
    this.#live.clear();
    this.close();
  }
}
