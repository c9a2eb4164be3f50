// Finds the files that a new torrent is made of, in an order that depends on nothing but their names: every folder's
// entries sorted by the bytes of their names. That is also the order of a BEP 52 file tree.
import type { Dirent, Stats } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../base/errors.ts';
import { decodeUtf8, decodeUtf8Lossy } from '../base/utf8.ts';
import { FILES_MAX } from '../protocol/limits.ts';

/** A file that goes into the torrent. */
export interface WalkedFile {
  /** Names of the folders below the walked one, and of the file. Empty when the walked path is the file itself. */
  readonly parts: readonly string[];
  readonly absolutePath: string;
  readonly length: number;
}

/** What a walk found. */
export interface Walk {
  /** Absolute. */
  readonly root: string;
  /** True when the path is a file and not a folder. */
  readonly single: boolean;
  readonly files: readonly WalkedFile[];
  /** Symbolic links that were passed over, by their absolute paths. */
  readonly skippedLinks: readonly string[];
}

interface Entry {
  readonly name: string;
  readonly nameBytes: Uint8Array;
  readonly dirent: Dirent<Buffer>;
}

/** Everything to share below `source`, or `source` itself. Throws `InputError` ERR_CREATE_… */
export async function walkFiles(source: string, signal?: AbortSignal): Promise<Walk> {
  const root = path.resolve(source);
  const stats = await rootStats(root);
  const files: WalkedFile[] = [];
  const skippedLinks: string[] = [];
  if (stats.isFile()) {
    files.push({ parts: [], absolutePath: root, length: stats.size });
  } else if (stats.isDirectory()) {
    await walkFolder(root, { files, skippedLinks, signal });
  } else {
    throw specialFile(root);
  }
  if (files.every((file) => file.length === 0)) {
    const what = stats.isFile() ? 'the file is empty' : 'the folder holds no file with anything in it';
    throw new InputError('ERR_CREATE_EMPTY', `there is nothing to share in ${root}: ${what}`);
  }
  return { root, single: stats.isFile(), files, skippedLinks };
}

function specialFile(file: string): InputError {
  const message = `${file} is a device, pipe or socket, which a torrent cannot hold: move it out of the way`;
  return new InputError('ERR_CREATE_SPECIAL_FILE', message);
}

/** The path that was asked for may be a link: whoever names a link means what it leads to. */
async function rootStats(root: string): Promise<Stats> {
  try {
    return await stat(root);
  } catch (error) {
    throw unreadable(root, error);
  }
}

function unreadable(file: string, error: unknown): InputError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new InputError('ERR_CREATE_NOT_FOUND', `there is no file or folder ${file}`, { cause: error });
  }
  return new InputError('ERR_CREATE_READ', `cannot read ${file}: ${message}`, { cause: error });
}

interface Found {
  readonly files: WalkedFile[];
  readonly skippedLinks: string[];
  readonly signal: AbortSignal | undefined;
}

/** Depth first with a stack of its own: nesting costs no call stack. */
async function walkFolder(root: string, found: Found): Promise<void> {
  const stack: { parts: readonly string[]; entries: Entry[] }[] = [{ parts: [], entries: await entriesOf(root) }];
  for (let level = stack.at(-1); level !== undefined; level = stack.at(-1)) {
    const entry = level.entries.shift();
    if (entry === undefined) {
      stack.pop();
      continue;
    }
    found.signal?.throwIfAborted();
    const parts = [...level.parts, entry.name];
    const absolutePath = path.join(root, ...parts);
    if (entry.dirent.isSymbolicLink()) found.skippedLinks.push(absolutePath);
    else if (entry.dirent.isDirectory()) stack.push({ parts, entries: await entriesOf(absolutePath) });
    else if (entry.dirent.isFile()) await addFile(found, { parts, absolutePath });
    else throw specialFile(absolutePath);
  }
}

async function addFile(found: Found, file: Omit<WalkedFile, 'length'>): Promise<void> {
  if (found.files.length === FILES_MAX) {
    throw new InputError('ERR_CREATE_TOO_MANY_FILES', `more than ${FILES_MAX} files are too many for one torrent`);
  }
  try {
    found.files.push({ ...file, length: (await lstat(file.absolutePath)).size });
  } catch (error) {
    throw unreadable(file.absolutePath, error);
  }
}

async function entriesOf(folder: string): Promise<Entry[]> {
  let dirents: Dirent<Buffer>[];
  try {
    dirents = await readdir(folder, { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    throw unreadable(folder, error);
  }
  const entries = dirents.map((dirent) => {
    const nameBytes = new Uint8Array(dirent.name);
    const name = decodeUtf8(nameBytes);
    if (name !== undefined) return { name, nameBytes, dirent };
    const shown = path.join(folder, decodeUtf8Lossy(nameBytes));
    throw new InputError('ERR_CREATE_NAME', `the name of ${shown} is not UTF-8, which torrents ask for: rename it`);
  });
  return entries.sort((a, b) => Buffer.compare(a.nameBytes, b.nameBytes));
}
