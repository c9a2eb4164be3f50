// The file entries of a v1 info dictionary as they are written (BEP 3 `length` and `files`, BEP 47 attributes), before
// their names are read and made safe.

import { toLatin1 } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import { eachInSteps, type Steps } from '../../base/steps.ts';
import { BencodeDictionary, type BencodeValue, isBencodeList } from '../bencode/bencode-value.ts';
import { FILES_MAX } from '../limits.ts';

/** Files that are read between two breaks: about a millisecond. */
export const FILES_PER_STEP = 512;

/** A file as the torrent names it. */
export interface FileEntry {
  /** The parts of the path below the torrent's folder; empty for the only file of a single-file torrent and for pads. */
  readonly path: readonly Uint8Array[];
  /** The same in UTF-8, part by part, when the torrent has it. */
  readonly utf8Path?: readonly Uint8Array[];
  readonly length: number;
  /** BEP 47 attributes, one letter each. */
  readonly attributes: string;
  /** The parts of a link's target (BEP 47). */
  readonly symlink?: readonly Uint8Array[];
}

/** Reads the files of an info dictionary that has a v1 side. A `files` list wins over a `length`, as in libtorrent. */
export function* readFileEntries(info: BencodeDictionary): Steps<readonly FileEntry[]> {
  if (!info.has('files')) {
    // An only file that is a pad or a link would leave nothing to download.
    const attributes = attributesOf(info).replace(/[pl]/g, '');
    return [{ path: [], length: readLength(info, 'the file'), attributes }];
  }
  const list = info.list('files');
  if (list === undefined || list.length === 0) {
    throw new InputError('ERR_METAINFO_FILES', 'The torrent lists no files.');
  }
  if (list.length > FILES_MAX) {
    throw new InputError(
      'ERR_METAINFO_TOO_LARGE',
      `The torrent lists ${list.length} files, more than the ${FILES_MAX} that are supported.`,
    );
  }
  const entries: FileEntry[] = [];
  yield* eachInSteps(list, FILES_PER_STEP, (entry, index) => entries.push(readFileEntry(entry, index)));
  return entries;
}

function readFileEntry(entry: BencodeValue, index: number): FileEntry {
  if (!(entry instanceof BencodeDictionary)) {
    throw new InputError('ERR_METAINFO_FILES', `File ${index} of the torrent is not described by a dictionary.`);
  }
  const attributes = attributesOf(entry);
  const symlink = attributes.includes('l') ? byteStrings(entry.get('symlink path')) : undefined;
  // A link takes no room in the torrent, whatever length it claims (BEP 47).
  const length = attributes.includes('l') ? 0 : readLength(entry, `file ${index}`);
  if (attributes.includes('p')) return { path: [], length, attributes };
  const path = byteStrings(entry.get('path'));
  if (path === undefined) {
    throw new InputError('ERR_METAINFO_FILES', `File ${index} of the torrent has no path.`);
  }
  const twin = byteStrings(entry.get('path.utf-8'));
  return {
    path,
    length,
    attributes,
    ...(twin?.length === path.length ? { utf8Path: twin } : {}),
    ...(symlink === undefined ? {} : { symlink }),
  };
}

function readLength(dictionary: BencodeDictionary, what: string): number {
  const length = dictionary.integer('length');
  if (length !== undefined && length >= 0) return length;
  throw new InputError('ERR_METAINFO_LENGTH', `The torrent does not say a usable length of ${what}.`);
}

function attributesOf(dictionary: BencodeDictionary): string {
  return toLatin1(dictionary.byteString('attr')?.subarray(0, 16) ?? new Uint8Array(0));
}

/** A list of byte strings that is not empty. */
function byteStrings(value: BencodeValue | undefined): readonly Uint8Array[] | undefined {
  if (!isBencodeList(value) || value.length === 0) return undefined;
  return value.every((item) => item instanceof Uint8Array) ? value : undefined;
}
