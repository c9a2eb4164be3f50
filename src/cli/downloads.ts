// Several downloads by one client: all at once, each by itself. One that is stopped does not stop the others.
import path from 'node:path';
import type { CommandContext } from './context.ts';
import { download } from './download.ts';
import { EXIT_DONE } from './exit-code.ts';
import { failureOf } from './failure.ts';
import { spaceWarning } from './free-space.ts';
import { type AddOptions, isMagnet, type LibraryClient, type Magnet, type Metainfo } from './library.ts';
import { type Download, downloadSentence, transferFields } from './output/download-result.ts';
import type { Failure, Reporter } from './output/reporter.ts';
import { goalSentence } from './output/sentences.ts';
import { CostMeter } from './resources.ts';
import { followSeeding, type SeedingEnd } from './seeding.ts';
import { type BoardRow, TransferBoard } from './transfer-board.ts';

/** What all of them have in common. */
export interface DownloadsJob {
  readonly context: CommandContext;
  readonly client: LibraryClient;
  readonly reporter: Reporter;
  readonly add: AddOptions & { readonly directory: string };
}

/** One that was stopped. */
export interface Stopped {
  readonly name: string;
  readonly failure: Failure;
}

/** What came of them. */
export interface Downloaded {
  readonly done: readonly Download[];
  readonly stopped: readonly Stopped[];
}

export class Downloads {
  readonly #job: DownloadsJob;
  readonly #board: TransferBoard;
  readonly #stopped: Stopped[] = [];
  readonly #seeding: Promise<SeedingEnd | undefined>[] = [];
  #warnedOfSpace = false;

  constructor(job: DownloadsJob) {
    this.#job = job;
    this.#board = new TransferBoard(job.reporter);
  }

  /** Resolves when each of them is done or stopped; rejects when they are interrupted. */
  async run(sources: readonly (Metainfo | Magnet)[]): Promise<Downloaded> {
    const { signal } = this.#job.context.interrupts;
    const ends = await Promise.all(sources.map((source) => this.#one(source)));
    this.#board.show();
    signal.throwIfAborted();
    return { done: ends.filter((end) => end !== undefined), stopped: [...this.#stopped] };
  }

  /** Resolves when none of them seeds any more: to the worst exit status that an end had. */
  async seeded(): Promise<number> {
    const ends = await Promise.all(this.#seeding);
    const stopped = this.#stopped.map(({ failure }) => failure.exitCode);
    return Math.max(EXIT_DONE, ...stopped, ...ends.map((end) => end?.exitCode ?? EXIT_DONE));
  }

  close(): void {
    this.#board.close();
  }

  async #one(source: Metainfo | Magnet): Promise<Download | undefined> {
    const { context, client, add, reporter } = this.#job;
    const { signal } = context.interrupts;
    const row = this.#board.join(source.infoHash, nameOf(source));
    const begins = (missingBytes: number) => this.#warnOfSpace(missingBytes + this.#board.missingBeside(row));
    const meter = new CostMeter(context.clock, 'process-start');
    return await this.#heed(row, async () => {
      const { torrent, download: got } = await download({
        ...{ client, reporter: row, source, add, meter, signal, begins },
      });
      const done = { ...got, place: path.join(add.directory, torrent.name) };
      row.state = 'done';
      row.isOver = !add.seed;
      reporter.transferDone(downloadSentence(done), transferFields(done));
      if (add.seed) {
        this.#seeding.push(this.#heed(row, () => this.#seed(row, followSeeding(torrent, row, context.interrupts))));
      }
      return done;
    });
  }

  /** Once for all of them: they share the folder. */
  async #warnOfSpace(missingBytes: number): Promise<void> {
    const { add, reporter } = this.#job;
    const warning = await spaceWarning(add.directory, missingBytes);
    if (warning === undefined || this.#warnedOfSpace) return;
    this.#warnedOfSpace = true;
    reporter.warning(warning);
  }

  async #seed(row: BoardRow, seeding: Promise<SeedingEnd>): Promise<SeedingEnd> {
    const end = await seeding;
    row.isOver = true;
    if (end.goal !== undefined) this.#job.reporter.notice(`${row.transfer.name}: ${goalSentence(end.goal)}`);
    return end;
  }

  /** What stops one torrent is told and kept; an interruption stops them all, and is told once. */
  async #heed<T>(row: BoardRow, work: () => Promise<T>): Promise<T | undefined> {
    const { context, reporter } = this.#job;
    try {
      return await work();
    } catch (error) {
      // The last frame shows how far they all were.
      if (context.interrupts.signal.aborted) return undefined;
      row.isOver = true;
      row.state = 'failed';
      const failure = failureOf(error, context, '');
      this.#stopped.push({ name: row.transfer.name, failure });
      reporter.transferFailed(row.transfer, failure);
      return undefined;
    }
  }
}

function nameOf(source: Metainfo | Magnet): string {
  return isMagnet(source) ? (source.displayName ?? source.infoHash) : source.name;
}
