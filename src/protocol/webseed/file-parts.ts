// Which bytes of which files a stretch of a torrent is: web seeds have files, not pieces (BEP 19).

/** A file as it lies in the torrent's joined bytes. */
export interface LaidFile {
  readonly offset: number;
  readonly length: number;
}

/** Calls `visit` with each file that has bytes of [offset, offset + length), in order, and with which of its bytes. */
export function eachFilePart(
  files: readonly LaidFile[],
  offset: number,
  length: number,
  visit: (file: number, from: number, bytes: number) => void,
): void {
  const end = offset + length;
  for (let at = firstFileAt(files, offset), done = offset; done < end && at < files.length; at++) {
    const file = files[at]!;
    const from = done - file.offset;
    const bytes = Math.min(file.length - from, end - done);
    if (bytes <= 0) continue;
    visit(at, from, bytes);
    done += bytes;
  }
}

/** The first file that ends behind this byte. */
function firstFileAt(files: readonly LaidFile[], offset: number): number {
  let low = 0;
  let high = files.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const file = files[middle]!;
    if (file.offset + file.length <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
