// --json: one object a line on standard output and nothing else there. The contract is in docs/cli.md.
import { formatAddress } from '../arguments/address.ts';
import type { PeerAddress, PortMappingStatus, SearchProgress, TorrentProgress, TorrentWarning } from '../library.ts';
import type { Failure, Reporter, Result, Subject, Tally, Transfer } from './reporter.ts';

/** Reports events to programs. `done` or `error` is the last line: what comes after it is not reported. */
export class JsonReporter implements Reporter {
  readonly intervalMs: number = 500;
  readonly #write: (text: string) => void;
  #subject: Pick<Subject, 'infoHash' | 'name'> | undefined;
  #ended = false;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  listening(address: PeerAddress): void {
    this.#event('listening', { address: formatAddress(address), host: address.host, port: address.port });
  }

  portMapping({ mappings, troubles }: PortMappingStatus): void {
    this.#event('port-mapping', { mappings, troubles });
  }

  searching(progress: SearchProgress): void {
    this.#event('progress', { state: 'metadata', ...progress });
  }

  begin({ infoHash, name }: Subject): void {
    this.#subject = { infoHash, name };
  }

  progress(progress: TorrentProgress): void {
    this.#event('progress', { ...this.#subject, ...progress });
  }

  tally({ activity, bytesDone, bytesWanted, bytesPerSecond }: Tally): void {
    this.#event('progress', { state: activity, bytesDone, bytesWanted, bytesPerSecond });
  }

  warning({ code, message }: TorrentWarning, about?: Pick<Transfer, 'infoHash' | 'name'>): void {
    this.#event('warning', { ...(about && { infoHash: about.infoHash, name: about.name }), code, message });
  }

  overview(transfers: readonly Transfer[]): void {
    for (const { infoHash, name, search, progress } of transfers) {
      if (progress !== undefined) this.#event('progress', { infoHash, name, ...progress });
      else if (search !== undefined) this.searching(search);
    }
  }

  transferDone(_sentence: string, fields: Result['fields']): void {
    this.#event('torrent-done', fields);
  }

  transferFailed({ infoHash, name }: Transfer, { code, message }: Failure): void {
    this.#event('torrent-error', { infoHash, name, code, message });
  }

  /** Notices are for people. */
  notice(): void {
    return;
  }

  /** Programs get the findings with the failure. */
  findings(): void {
    return;
  }

  done(result: Result): void {
    this.#event('done', result.fields);
    this.#ended = true;
  }

  failed({ code, message, fields, stack }: Failure): void {
    this.#event('error', { code, message, ...fields, ...(stack === undefined ? {} : { stack }) });
    this.#ended = true;
  }

  close(): void {
    this.#ended = true;
  }

  #event(event: string, fields: Readonly<Record<string, unknown>>): void {
    if (!this.#ended) this.#write(`${JSON.stringify({ event, ...fields })}\n`);
  }
}
