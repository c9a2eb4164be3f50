// What is asked of a web seed by one request: a range of a file (BEP 19) or of a piece (BEP 17).
import { REQUEST_BEGIN, REQUEST_LENGTH, REQUEST_PIECE, REQUEST_STRIDE } from '../../engine/ports.ts';
import type { WebSeedAddress, WebSeedContent } from '../../engine/webseed/web-seed-port.ts';
import { eachFilePart } from '../../protocol/webseed/file-parts.ts';

/** Bytes [from, from + length) of a file, or of a piece. */
export interface SeedRequest {
  /** Index of the file or piece. */
  readonly index: number;
  from: number;
  length: number;
  /** Zeros that need not be asked for. */
  readonly pad: boolean;
  redirects: number;
  /** Where the server sent us for it. */
  movedTo: URL | undefined;
}

/** Adds what `count` records of `batch` are to the requests; neighbours of the last become part of it unless it is one of the `sent` ones. */
export function appendRequests(
  requests: SeedRequest[],
  batch: Int32Array,
  count: number,
  { address, content, sent }: { address: WebSeedAddress; content: WebSeedContent; sent: () => number },
): void {
  const append = (index: number, from: number, length: number, pad: boolean): void => {
    const last = requests.at(-1);
    const joins = last !== undefined && last.index === index && last.from + last.length === from;
    if (joins && requests.length > sent()) last.length += length;
    else requests.push({ index, from, length, pad, redirects: 0, movedTo: undefined });
  };
  for (let at = 0; at < count * REQUEST_STRIDE; at += REQUEST_STRIDE) {
    const piece = batch[at + REQUEST_PIECE]!;
    const begin = batch[at + REQUEST_BEGIN]!;
    const length = batch[at + REQUEST_LENGTH]!;
    if (address.kind === 'pieces') {
      append(piece, begin, length, false);
      continue;
    }
    const { files, pieceBytes } = content;
    eachFilePart(files, piece * pieceBytes + begin, length, (file, from, bytes) =>
      append(file, from, bytes, files[file]!.pad),
    );
  }
}
