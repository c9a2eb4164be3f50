// The port through which commands speak: they say what happens, a reporter decides how and how often it is shown.
import type { PeerAddress, PortMappingStatus, SearchProgress, TorrentProgress, TorrentWarning } from '../library.ts';
import type { Palette } from './palette.ts';

/** What a transfer is about. */
export interface Subject {
  readonly infoHash: string;
  readonly name: string;
  readonly totalBytes: number;
  readonly fileCount: number;
  readonly pieceCount: number;
  readonly pieceBytes: number;
  readonly directory: string;
}

/** How far a job is that goes through bytes. */
export interface Tally {
  /** What is being done, as the first word of a sentence: "hashing". */
  readonly activity: string;
  /** To what. */
  readonly subject: string;
  readonly bytesDone: number;
  readonly bytesWanted: number;
  readonly bytesPerSecond: number;
}

/** One of several torrents that a command is about, and where it is. */
export interface Transfer {
  readonly infoHash: string;
  /** For people; until the metadata is there, what the link says. */
  readonly name: string;
  /** While its metadata is looked for. */
  readonly search?: SearchProgress | undefined;
  /** Once it is there. */
  readonly subject?: Subject | undefined;
  readonly progress?: TorrentProgress | undefined;
}

/** All of them together. */
export interface TransferTotals {
  readonly torrents: number;
  readonly done: number;
  readonly failed: number;
  /** Of those whose metadata is there. */
  readonly bytesDone: number;
  readonly bytesWanted: number;
  readonly downloadBytesPerSecond: number;
  readonly uploadBytesPerSecond: number;
}

/** How a command ended well: for programs as fields, for people as lines. */
export interface Result {
  readonly fields: Readonly<Record<string, unknown>>;
  render(palette: Palette): readonly string[];
}

/** How a command ended badly. */
export interface Failure {
  readonly code: string;
  /** One sentence: what, where, and what to do. */
  readonly message: string;
  readonly exitCode: number;
  /** More for programs: the details behind the message. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** The stack, when MILLRACE_DEBUG asks for it. */
  readonly stack?: string;
}

/** Shows what happens. Calls never throw. */
export interface Reporter extends TransferReporter {
  /** The client listens for peers at this address. */
  listening(address: PeerAddress): void;
  /** What came of asking gateways to let peers in. */
  portMapping(status: PortMappingStatus): void;
  tally(tally: Tally): void;
  /** Where those of several torrents are that are not at their end. */
  overview(transfers: readonly Transfer[], totals: TransferTotals): void;
  /** One of several torrents is there; `sentence` says so to people. */
  transferDone(sentence: string, fields: Result['fields']): void;
  /** One of several torrents was stopped; the others go on. */
  transferFailed(transfer: Transfer, failure: Failure): void;
  /** Something that people want to know and programs do not. */
  notice(text: string): void;
  /** What was found, for people, before it ends in `failed`: that carries it for programs. */
  findings(render: Result['render']): void;
  done(result: Result): void;
  failed(failure: Failure): void;
  /** Gives the terminal back. Can be called more than once. */
  close(): void;
}

/** The part of it that one torrent's download needs. */
export interface TransferReporter {
  /** How often, at most, `progress` and `tally` are worth calling. */
  readonly intervalMs: number;
  /** The metadata of a magnet link is being looked for. */
  searching(progress: SearchProgress): void;
  /** A transfer begins; `progress` follows. */
  begin(subject: Subject): void;
  progress(progress: TorrentProgress): void;
  /** `about` is the torrent among several that it concerns. */
  warning(warning: TorrentWarning, about?: Pick<Transfer, 'infoHash' | 'name'>): void;
}
