// The v2 side of a torrent (BEP 52): `file tree` and `piece layers`. For now it is checked and its roots are kept; the
// data is still verified by the v1 side.
import { fromLatin1, toLatin1 } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import { decodeBencode } from '../bencode/bencode-decoder.ts';
import type { BencodeDictionary } from '../bencode/bencode-value.ts';
import { FILES_MAX, METAINFO_BENCODE_LIMITS, PIECES_MAX } from '../limits.ts';
import type { FileEntry } from './file-entry.ts';

/** Bytes of a SHA-256 hash. */
const ROOT_BYTES = 32;

/** Smallest v2 piece: a leaf of the hash tree. */
const LEAF_BYTES = 16384;

/** A file of the tree. */
export interface TreeFile {
  /** Names as latin1 text, one character a byte, as they are keys of dictionaries. */
  readonly path: readonly string[];
  readonly length: number;
  /** Absent for empty files. */
  readonly piecesRoot?: Uint8Array;
}

/** Reads the file tree, or answers `undefined` when the torrent has no v2 side. */
export function readFileTree(info: BencodeDictionary, pieceBytes: number): readonly TreeFile[] | undefined {
  const version = info.get('meta version');
  if (version === undefined || version === 1) return undefined;
  if (version !== 2) {
    throw new InputError(
      'ERR_METAINFO_VERSION',
      `The torrent is of version ${String(version)}; 1 and 2 are supported.`,
    );
  }
  // v2 hashes name the content, so BEP 52 allows a single encoding; v1 torrents are taken as they come.
  decodeBencode(info.bytes, { strict: true, limits: METAINFO_BENCODE_LIMITS });
  if (pieceBytes < LEAF_BYTES || !Number.isInteger(Math.log2(pieceBytes))) {
    throw new InputError(
      'ERR_METAINFO_PIECE_LENGTH',
      `The torrent's piece length is ${pieceBytes}; in version 2 it must be a power of two of at least ${LEAF_BYTES}.`,
    );
  }
  const tree = info.dictionary('file tree');
  if (tree === undefined) throw new InputError('ERR_METAINFO_FILE_TREE', 'The torrent has no file tree.');
  const files: TreeFile[] = [];
  walk(tree, [], files);
  checkSize(files, pieceBytes);
  return files;
}

function walk(folder: BencodeDictionary, path: readonly string[], files: TreeFile[]): void {
  for (const name of folder.keys()) {
    const child = folder.dictionary(name);
    if (name === '' || child === undefined || child.size === 0) {
      throw new InputError('ERR_METAINFO_FILE_TREE', `The torrent's file tree is broken below "${shown(path)}".`);
    }
    const below = [...path, name];
    const leaf = child.size === 1 ? child.dictionary('') : undefined;
    if (leaf === undefined) walk(child, below, files);
    else files.push(readTreeFile(leaf, below));
    if (files.length > FILES_MAX) {
      throw new InputError('ERR_METAINFO_TOO_LARGE', `The torrent lists more than ${FILES_MAX} files.`);
    }
  }
}

function readTreeFile(leaf: BencodeDictionary, path: readonly string[]): TreeFile {
  const length = leaf.integer('length');
  if (length === undefined || length < 0) {
    throw new InputError('ERR_METAINFO_LENGTH', `The torrent does not say a usable length of "${shown(path)}".`);
  }
  const link = leaf.byteString('attr')?.includes(0x6c) === true && leaf.list('symlink path') !== undefined;
  if (length === 0 || link) return { path, length: 0 };
  const piecesRoot = leaf.byteString('pieces root');
  if (piecesRoot?.length !== ROOT_BYTES || piecesRoot.every((byte) => byte === 0)) {
    throw new InputError('ERR_METAINFO_PIECES_ROOT', `The torrent has no usable root hash for "${shown(path)}".`);
  }
  return { path, length, piecesRoot };
}

/** Every v2 file begins with a piece of its own. */
function checkSize(files: readonly TreeFile[], pieceBytes: number): void {
  if (!files.some((file) => file.length > 0)) {
    throw new InputError('ERR_METAINFO_EMPTY', 'The torrent holds no data.');
  }
  let pieces = 0;
  for (const file of files) pieces += Math.ceil(file.length / pieceBytes);
  if (pieces <= PIECES_MAX) return;
  throw new InputError(
    'ERR_METAINFO_TOO_LARGE',
    `The torrent has ${pieces} pieces, more than the ${PIECES_MAX} that are supported.`,
  );
}

/** Checks that files of more than one piece have all their piece hashes (BEP 52 `piece layers`). */
export function checkPieceLayers(
  layers: BencodeDictionary | undefined,
  files: readonly TreeFile[],
  pieceBytes: number,
): void {
  for (const { path, length, piecesRoot } of files) {
    if (piecesRoot === undefined || length <= pieceBytes) continue;
    const layer = layers?.byteString(toLatin1(piecesRoot));
    if (layer?.length === Math.ceil(length / pieceBytes) * ROOT_BYTES) continue;
    throw new InputError(
      'ERR_METAINFO_PIECE_LAYERS',
      `The torrent's piece hashes of "${shown(path)}" are not complete.`,
    );
  }
}

/**
 * Checks that both sides of a hybrid torrent describe the same files at places where v2 pieces begin, and answers the
 * tree's file of each entry. `name` is the torrent's name, which a single-file torrent has for a path.
 */
export function matchFileTree(
  entries: readonly FileEntry[],
  tree: readonly TreeFile[],
  name: Uint8Array,
  pieceBytes: number,
): ReadonlyMap<FileEntry, TreeFile> {
  const matches = new Map<FileEntry, TreeFile>();
  let offset = 0;
  let next = 0;
  for (const entry of entries) {
    const start = offset;
    offset += entry.length;
    if (entry.attributes.includes('p')) continue;
    const file = tree[next++];
    const path = (entry.path.length === 0 ? [name] : entry.path).map(toLatin1);
    const same = file?.length === entry.length && equalPaths(file.path, path);
    if (!same || (entry.length > 0 && start % pieceBytes !== 0)) {
      throw inconsistent(`"${shown(path)}" is not the same file in both, or not aligned to a piece`);
    }
    matches.set(entry, file);
  }
  if (next < tree.length) throw inconsistent(`version 2 has ${tree.length - next} more files`);
  return matches;
}

function equalPaths(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((part, i) => part === b[i]);
}

function inconsistent(what: string): InputError {
  return new InputError('ERR_METAINFO_INCONSISTENT', `The torrent's version 1 and version 2 halves disagree: ${what}.`);
}

/** A path for a message: strangers' bytes, so nothing but printable ASCII. */
function shown(path: readonly string[]): string {
  return String.fromCharCode(...fromLatin1(path.join('/')).slice(0, 80)).replace(/[^ -~]/g, '?');
}
