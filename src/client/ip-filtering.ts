// The IP filter of a client over its life: read before anybody is met, replaced when the user says so.
import type { Session } from '../engine/session/session.ts';
import { loadIpFilter } from './ip-filter-list.ts';
import type { IpFilterReport, IpFilterSource, TorrentWarning } from './types.ts';

const NO_FILTER: IpFilterReport = { ranges: 0, skippedLines: 0, firstSkippedLine: 0, excessRanges: 0 };

export class IpFiltering {
  readonly #session: Session;
  readonly #warn: (warning: TorrentWarning) => void;
  /** What the client was made with, until it is read. */
  #first: IpFilterSource | undefined;
  /** Of two lists that are read at once, the one named last counts. */
  #turn = 0;

  constructor(session: Session, first: IpFilterSource | undefined, warn: (warning: TorrentWarning) => void) {
    this.#session = session;
    this.#first = first;
    this.#warn = warn;
  }

  /** Puts the first filter in force, unless another one was set meanwhile. Throws as `set` does, and may be tried again. */
  async begin(): Promise<void> {
    if (this.#first !== undefined) await this.set(this.#first);
  }

  /** Replaces the filter once the list is read; the one before stays when it cannot be. Throws InputError ERR_FILTER_…. */
  async set(source: IpFilterSource | undefined): Promise<IpFilterReport> {
    const turn = ++this.#turn;
    const loaded = source === undefined ? undefined : await loadIpFilter(source);
    if (turn === this.#turn) {
      this.#first = undefined;
      this.#session.setIpFilter(loaded?.filter);
    }
    const report = loaded?.report ?? NO_FILTER;
    const { skippedLines, firstSkippedLine, excessRanges } = report;
    if (skippedLines > 0) {
      const message = `the IP filter has ${skippedLines} lines that nobody can read, line ${firstSkippedLine} first; they were left out`;
      this.#warn({ code: 'ERR_FILTER_LINE', message });
    }
    if (excessRanges > 0) {
      const message = `the IP filter is too long: ${excessRanges} ranges were left out`;
      this.#warn({ code: 'ERR_FILTER_LINE', message });
    }
    return report;
  }
}
