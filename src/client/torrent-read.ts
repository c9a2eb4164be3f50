// Reads a torrent file from disk: its size is judged before memory is spent on it, and errors say what is there instead.
import { type FileHandle, open } from 'node:fs/promises';
import { InputError } from '../base/errors.ts';
import { TORRENT_FILE_BYTES_MAX } from './limits.ts';

function refusal(path: string, error: unknown): InputError {
  const { code, message } = error as NodeJS.ErrnoException;
  const details = { cause: error };
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new InputError('ERR_SOURCE_NOT_FOUND', `There is no file ${path}`, details);
  }
  if (code === 'EISDIR') {
    return new InputError('ERR_SOURCE_NOT_A_FILE', `${path} is a folder, not a torrent file`, details);
  }
  return new InputError('ERR_SOURCE_UNREADABLE', `Cannot read ${path}: ${message}`, details);
}

/** Reads to the end, and no further than the cap: a file may grow, and the size of a pipe is not known. */
async function readCapped(file: FileHandle, sizeBytes: number): Promise<Uint8Array | undefined> {
  let bytes = new Uint8Array(sizeBytes + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length);
    if (bytesRead === 0) return bytes.subarray(0, length);
    length += bytesRead;
    if (length > TORRENT_FILE_BYTES_MAX) return undefined;
    if (length < bytes.length) continue;
    const larger = new Uint8Array(Math.min(bytes.length * 2 + 65_536, TORRENT_FILE_BYTES_MAX + 1));
    larger.set(bytes);
    bytes = larger;
  }
}

/** The bytes of a torrent file. Throws `InputError` ERR_SOURCE_…; what the bytes mean is not looked at here. */
export async function readTorrentFile(path: string): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  let bytes: Uint8Array | undefined;
  let sizeBytes = 0;
  try {
    file = await open(path, 'r');
    const stats = await file.stat();
    if (stats.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
    sizeBytes = stats.size;
    if (sizeBytes <= TORRENT_FILE_BYTES_MAX) bytes = await readCapped(file, sizeBytes);
  } catch (error) {
    throw refusal(path, error);
  } finally {
    await file?.close();
  }
  if (bytes !== undefined) return bytes;
  const mebibytes = TORRENT_FILE_BYTES_MAX / 1024 / 1024;
  throw new InputError('ERR_SOURCE_TOO_LARGE', `${path} is larger than ${mebibytes} MiB: that is no torrent file`);
}
