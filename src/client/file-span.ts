// Which bytes of the torrent a part of one of its files is.
import { InputError } from '../base/errors.ts';
import type { MetainfoFile } from '../protocol/metainfo/metainfo.ts';

/** Where a part of a file begins and ends, both inclusive, as in `fs.createReadStream` and HTTP ranges. */
export interface FileRange {
  /** First byte. Default 0. */
  readonly start?: number;
  /** Last byte. Default: the file's. */
  readonly end?: number;
}

/** Bytes of the torrent's joined files, from `start` up to and without `end`. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/** Throws InputError ERR_SELECT_FILE or ERR_FILE_RANGE. */
export function fileSpan(files: readonly MetainfoFile[], index: number, range: FileRange): ByteSpan {
  const file = files[index];
  if (file === undefined) {
    throw new InputError(
      'ERR_SELECT_FILE',
      `there is no file ${index}; the torrent's files are 0 to ${files.length - 1}`,
    );
  }
  const { start = 0, end = file.length - 1 } = range;
  const whole = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  // A file of no bytes has one part: nothing.
  if (!whole || start < 0 || end < start - 1 || end >= file.length) {
    throw new InputError(
      'ERR_FILE_RANGE',
      `${file.path} has ${file.length} bytes, ${start} to ${end} is no part of it`,
    );
  }
  return { start: file.offset + start, end: file.offset + end + 1 };
}
