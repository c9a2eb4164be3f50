// What may be believed of the files on disk when a torrent is added again. Pure: stamps in, two sets of pieces out.
//
// A piece is believed when the resume data says so and no file that it touches changed since. It is rechecked when a
// file it touches changed, or is there without resume data that would vouch for it. A piece of which bytes are missing
// on disk is neither. After kill -9 the resume data is older than the files: their times differ, so their pieces are
// rechecked, and nothing that reached the disk is fetched again. After a power cut a file may have its size and time and
// lack its bytes: what was not synced by then is rechecked.
import { Bitfield } from '../base/bitfield.ts';
import type { Geometry } from '../engine/torrent/geometry.ts';
import type { FileStat } from '../host/disk/file-stats.ts';
import { type FileStamp, sameStamp, stampFiles } from './file-stamp.ts';

/** A file and where it lies in the torrent's concatenated files. Pad files (BEP 47) are never on disk. */
export interface FileSpan {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
  readonly pad: boolean;
}

/** The shape of a torrent, as far as its files are concerned. */
export interface FileLayout {
  readonly geometry: Geometry;
  readonly files: readonly FileSpan[];
}

/** The part of the resume data that says what was had, and what the files looked like then. */
export interface SavedState {
  /** Pieces that were on disk and verified. */
  readonly have: Bitfield;
  /** One stamp a file; `undefined` for a file that was not on disk. */
  readonly stamps: readonly (FileStamp | undefined)[];
  /** Pieces of `have` that may never have reached the medium, if the machine has been started since. */
  readonly unsettled?: Bitfield;
}

/** Disjoint sets of pieces: those to be trusted, and those to be hashed before anything is said about them. */
export interface Reconciliation {
  readonly have: Bitfield;
  readonly recheck: Bitfield;
}

/** What a file says about a piece; a piece follows the worst of its files, which is the greatest of these numbers. */
const UNCHANGED = 0;
const CHANGED = 1;
const ABSENT = 2;

/** Raises the verdict of every piece that `file` touches. */
function judgeFile(verdicts: Uint8Array, geometry: Geometry, file: FileSpan, stamps: StampPair): void {
  const first = geometry.firstPieceAt(file.offset);
  const last = geometry.lastPieceAt(file.offset, file.length);
  const { saved, now } = stamps;
  const known = now === undefined ? ABSENT : sameStamp(saved, now) ? UNCHANGED : CHANGED;
  for (let piece: number = first; piece <= last; piece++) {
    if (now?.parted) {
      // Of a skipped file, the part-file has at most what is in pieces that other files share.
      const start = piece * geometry.pieceBytes;
      const alone =
        start >= file.offset && Math.min(start + geometry.pieceBytes, geometry.totalBytes) <= file.offset + file.length;
      verdicts[piece] = Math.max(verdicts[piece]!, alone ? ABSENT : known);
      continue;
    }
    // Files grow as pieces arrive: what lies past the end of a short file was never written, or was cut off.
    const endInFile = Math.min((piece + 1) * geometry.pieceBytes - file.offset, file.length);
    const verdict = now !== undefined && endInFile > now.sizeBytes ? ABSENT : known;
    if (verdict > verdicts[piece]!) verdicts[piece] = verdict;
  }
}

interface StampPair {
  readonly saved: FileStamp | undefined;
  readonly now: FileStamp | undefined;
}

/**
 * Compares resume data with the files as they are now. `stats` has one entry a file, `undefined` for those that are not there; `saved` is
 * `undefined` when there is no resume data. Resume data of another shape than the torrent's is ignored.
 */
export function reconcile(
  layout: FileLayout,
  saved: SavedState | undefined,
  stats: readonly (FileStat | undefined)[],
): Reconciliation {
  const { geometry, files } = layout;
  const stamps = stampFiles(stats);
  const have = new Bitfield(geometry.pieceCount);
  const recheck = new Bitfield(geometry.pieceCount);
  const fits = saved?.have.length === geometry.pieceCount && saved.stamps.length === files.length;
  const trusted = fits ? saved : undefined;

  const verdicts = new Uint8Array(geometry.pieceCount).fill(UNCHANGED);
  files.forEach((file, index) => {
    if (file.pad || file.length === 0) return;
    judgeFile(verdicts, geometry, file, { saved: trusted?.stamps[index], now: stamps[index] });
  });
  verdicts.forEach((verdict, piece) => {
    const doubtful = verdict === UNCHANGED && trusted?.unsettled?.has(piece) === true;
    if (verdict === CHANGED || doubtful) recheck.add(piece);
    else if (verdict === UNCHANGED && trusted?.have.has(piece) === true) have.add(piece);
  });
  return { have, recheck };
}
