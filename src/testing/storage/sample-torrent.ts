// Made-up torrents for storage tests: files of given lengths with random bytes, cut and hashed as a torrent is.
import { createHash } from 'node:crypto';
import { Geometry } from '../../engine/torrent/geometry.ts';
import type { StoreFile, StoreLayout } from '../../host/disk/store-layout.ts';
import { SeededRandom } from '../seeded-random.ts';

/** A torrent and the bytes that it must become. */
export interface SampleTorrent {
  readonly layout: StoreLayout;
  readonly geometry: Geometry;
  /** All files end to end; pad files are zeros. */
  readonly payload: Uint8Array;
  /** What a file must hold. */
  fileBytes(path: string): Uint8Array;
}

/** `[path, length]` is a file, `[path, length, 'pad']` a pad file. */
export type SampleFile = readonly [path: string, length: number, pad?: 'pad'];

export function sampleTorrent(directory: string, pieceBytes: number, entries: readonly SampleFile[]): SampleTorrent {
  const files: StoreFile[] = entries.map(([path, length, pad]) => ({ path, length, pad: pad === 'pad' }));
  const totalBytes = files.reduce((sum, file) => sum + file.length, 0);
  const payload = new Uint8Array(totalBytes);
  const random = new SeededRandom(totalBytes + pieceBytes);
  for (let index = 0; index < totalBytes; index++) payload[index] = random.next() * 256;
  const ranges = new Map<string, readonly [number, number]>();
  let offset = 0;
  for (const file of files) {
    if (file.pad) payload.fill(0, offset, offset + file.length);
    ranges.set(file.path, [offset, offset + file.length]);
    offset += file.length;
  }
  const geometry = new Geometry(totalBytes, pieceBytes);
  const pieceHashes = new Uint8Array(geometry.pieceCount * 20);
  for (let piece = 0; piece < geometry.pieceCount; piece++) {
    const bytes = payload.subarray(piece * pieceBytes, (piece + 1) * pieceBytes);
    pieceHashes.set(createHash('sha1').update(bytes).digest(), piece * 20);
  }
  return {
    layout: { directory, files, totalBytes, pieceBytes, pieceHashes, preallocate: false },
    geometry,
    payload,
    fileBytes: (path) => payload.slice(...(ranges.get(path) ?? [0, 0])),
  };
}
