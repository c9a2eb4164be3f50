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
export interface Reporter {
  /** How often, at most, `progress` and `tally` are worth calling. */
  readonly intervalMs: number;
  /** The client listens for peers at this address. */
  listening(address: PeerAddress): void;
  /** What came of asking gateways to let peers in. */
  portMapping(status: PortMappingStatus): void;
  /** The metadata of a magnet link is being looked for. */
  searching(progress: SearchProgress): void;
  /** A transfer begins; `progress` follows. */
  begin(subject: Subject): void;
  progress(progress: TorrentProgress): void;
  tally(tally: Tally): void;
  warning(warning: TorrentWarning): void;
  /** Something that people want to know and programs do not. */
  notice(text: string): void;
  /** What was found, for people, before it ends in `failed`: that carries it for programs. */
  findings(render: Result['render']): void;
  done(result: Result): void;
  failed(failure: Failure): void;
  /** Gives the terminal back. Can be called more than once. */
  close(): void;
}
