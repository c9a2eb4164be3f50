// Several torrents at once: where each of them is, shown together at the pace of one reporter.
import type { SearchProgress, TorrentProgress, TorrentWarning } from './library.ts';
import type { Reporter, Subject, Transfer, TransferReporter, TransferTotals } from './output/reporter.ts';

type RowState = 'running' | 'done' | 'failed';

/** One torrent's row: whoever works on the torrent reports to it. */
export class BoardRow implements TransferReporter {
  readonly intervalMs: number;
  readonly #reporter: Reporter;
  #transfer: Transfer;
  /** What came of the download; the row of one that goes on seeding stays. */
  state: RowState = 'running';
  /** Nothing more is to be shown of it. */
  isOver = false;

  constructor(reporter: Reporter, transfer: Transfer) {
    this.#reporter = reporter;
    this.#transfer = transfer;
    this.intervalMs = reporter.intervalMs;
  }

  get transfer(): Transfer {
    return this.#transfer;
  }

  searching(search: SearchProgress): void {
    this.#transfer = { ...this.#transfer, search };
  }

  begin(subject: Subject): void {
    this.#transfer = { ...this.#transfer, name: subject.name, subject };
  }

  progress(progress: TorrentProgress): void {
    this.#transfer = { ...this.#transfer, progress };
  }

  warning(warning: TorrentWarning): void {
    this.#reporter.warning(warning, this.#transfer);
  }
}

/** Shows its rows until it is closed. */
export class TransferBoard {
  readonly #reporter: Reporter;
  readonly #rows: BoardRow[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
    this.#timer = setInterval(() => this.show(), reporter.intervalMs);
  }

  /** Another torrent; of a magnet link `name` is what the link says. */
  join(infoHash: string, name: string): BoardRow {
    const row = new BoardRow(this.#reporter, { infoHash, name });
    this.#rows.push(row);
    return row;
  }

  /** Bytes that are still to come in the rows other than this one. What is not checked yet may be there already. */
  missingBeside(row: BoardRow): number {
    let bytes = 0;
    for (const other of this.#rows) {
      const { progress } = other.transfer;
      if (other !== row && other.state === 'running' && progress?.state === 'downloading') {
        bytes += progress.bytesWanted - progress.bytesDone;
      }
    }
    return bytes;
  }

  show(): void {
    const running = this.#rows.filter((row) => !row.isOver).map((row) => row.transfer);
    this.#reporter.overview(running, this.#totals());
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #totals(): TransferTotals {
    const totals = {
      done: 0,
      failed: 0,
      bytesDone: 0,
      bytesWanted: 0,
      downloadBytesPerSecond: 0,
      uploadBytesPerSecond: 0,
    };
    for (const { state, isOver, transfer } of this.#rows) {
      if (state !== 'running') totals[state]++;
      const { progress } = transfer;
      if (progress === undefined) continue;
      totals.bytesDone += progress.bytesDone;
      totals.bytesWanted += progress.bytesWanted;
      if (isOver) continue;
      totals.downloadBytesPerSecond += progress.downloadBytesPerSecond;
      totals.uploadBytesPerSecond += progress.uploadBytesPerSecond;
    }
    return { torrents: this.#rows.length, ...totals };
  }
}
