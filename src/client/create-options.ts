// What may be asked of a new torrent, and the checks on it before a byte is hashed.
import { InputError } from '../base/errors.ts';
import { utf8Length } from '../base/utf8.ts';
import { NAME_BYTES_MAX, PIECE_BYTES_MAX, PIECES_MAX } from '../protocol/limits.ts';
import { defaultPieceBytes } from './piece-length.ts';

/** How far hashing is. */
export interface CreateProgress {
  readonly piecesDone: number;
  readonly pieceCount: number;
  readonly totalBytes: number;
}

export interface CreateOptions {
  /** Name of the torrent. Default: the name of the file or folder. */
  readonly name?: string;
  /** A power of two, at least 16 KiB. Default: what gives about 1500 pieces. */
  readonly pieceBytes?: number;
  /** Tracker URLs, by tier (BEP 12). */
  readonly tiers?: readonly (readonly string[])[];
  /** URLs of the same files on web servers (BEP 19). */
  readonly webSeeds?: readonly string[];
  /** Peers are to come from the trackers alone (BEP 27). */
  readonly private?: boolean;
  readonly comment?: string;
  /** Makes the info hash differ from that of the same files elsewhere. */
  readonly source?: string;
  readonly onProgress?: (progress: CreateProgress) => void;
  /** Ends the hashing; creating then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The smallest piece: one block. */
const PIECE_BYTES_LEAST = 16 * 1024;

const TRACKER_SCHEMES: readonly string[] = ['http:', 'https:', 'udp:', 'ws:', 'wss:'];
const WEB_SEED_SCHEMES: readonly string[] = ['http:', 'https:', 'ftp:'];

function checkUrls(urls: readonly string[], schemes: readonly string[], what: string): void {
  for (const url of urls) {
    if (URL.canParse(url) && schemes.includes(new URL(url).protocol)) continue;
    const known = schemes.map((scheme) => `${scheme}//`).join(', ');
    throw new InputError(
      'ERR_CREATE_URL',
      `${url} is not the address of a ${what}: it must begin with one of ${known}`,
    );
  }
}

/** A name that can stand in a torrent, and that nobody has to change before it is written to disk. */
export function checkName(name: string): void {
  const wrong =
    name === '' || name === '.' || name === '..'
      ? 'it is empty or means a folder'
      : /[/\\\0]/.test(name)
        ? 'it holds a slash, which means a folder somewhere'
        : utf8Length(name) > NAME_BYTES_MAX
          ? `it is longer than ${NAME_BYTES_MAX} bytes`
          : undefined;
  if (wrong === undefined) return;
  throw new InputError('ERR_CREATE_NAME', `${JSON.stringify(name)} is no name for a torrent or a file in it: ${wrong}`);
}

/** Checks everything that does not depend on the files. Throws `InputError` ERR_CREATE_… */
export function checkCreateOptions(options: CreateOptions): void {
  const { pieceBytes, name } = options;
  if (name !== undefined) checkName(name);
  checkUrls(options.tiers?.flat() ?? [], TRACKER_SCHEMES, 'tracker');
  checkUrls(options.webSeeds ?? [], WEB_SEED_SCHEMES, 'web seed');
  if (pieceBytes === undefined) return;
  const fits = pieceBytes >= PIECE_BYTES_LEAST && pieceBytes <= PIECE_BYTES_MAX && Math.log2(pieceBytes) % 1 === 0;
  if (fits) return;
  const range = `from ${PIECE_BYTES_LEAST / 1024} KiB to ${PIECE_BYTES_MAX / 1024 / 1024} MiB`;
  const message = `A piece length of ${pieceBytes} bytes cannot be used: it must be a power of two ${range}`;
  throw new InputError('ERR_CREATE_PIECE_LENGTH', message);
}

/** The piece length for `totalBytes`. Throws when the one that was asked for makes more pieces than a torrent can have. */
export function choosePieceBytes(asked: number | undefined, totalBytes: number): number {
  const pieceBytes = asked ?? defaultPieceBytes(totalBytes);
  const pieceCount = Math.ceil(totalBytes / pieceBytes);
  if (pieceCount <= PIECES_MAX) return pieceBytes;
  const message = `${pieceCount} pieces of ${pieceBytes} bytes are too many: choose a larger piece length`;
  throw new InputError('ERR_CREATE_PIECE_LENGTH', message);
}
