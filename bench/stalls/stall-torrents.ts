// The torrents of `npm run bench -- stalls`: large in every direction, and all of zeros, in holes that no disk has to hold.
import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What a torrent is to be like. */
export interface Shape {
  readonly name: string;
  readonly pieceBytes: number;
  /** Length of each file. */
  readonly lengths: readonly number[];
  readonly announce?: string;
}

/** Files of one folder; more make folders slow. */
const FILES_PER_FOLDER = 1000;

function text(value: string): string {
  return `${Buffer.byteLength(value)}:${value}`;
}

function fileNames(count: number): string[][] {
  return Array.from({ length: count }, (_, at) => [`folder-${Math.floor(at / FILES_PER_FOLDER)}`, `file-${at}.bin`]);
}

/** Writes a .torrent of zeros (BEP 3) and returns its path. */
export function writeZeroTorrent(folder: string, { name, pieceBytes, lengths, announce }: Shape): string {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const pieces = Math.ceil(total / pieceBytes);
  const digest = createHash('sha1').update(new Uint8Array(pieceBytes)).digest();
  const hashes = Buffer.alloc(pieces * digest.length);
  for (let piece = 0; piece < pieces; piece++) digest.copy(hashes, piece * digest.length);
  if (total % pieceBytes !== 0) {
    createHash('sha1')
      .update(new Uint8Array(total % pieceBytes))
      .digest()
      .copy(hashes, hashes.length - digest.length);
  }
  const names = fileNames(lengths.length);
  const list = names.map((parts, at) => `d6:lengthi${lengths[at]}e4:pathl${parts.map(text).join('')}ee`);
  const shape = lengths.length === 1 ? `6:lengthi${total}e` : `5:filesl${list.join('')}e`;
  const head = `d${announce === undefined ? '' : `8:announce${text(announce)}`}4:info`;
  const info = `d${shape}4:name${text(name)}12:piece lengthi${pieceBytes}e6:pieces${hashes.length}:`;
  const file = path.join(folder, `${name}.torrent`);
  writeFileSync(file, Buffer.concat([Buffer.from(head + info), hashes, Buffer.from('ee')]));
  return file;
}

/** Makes the torrent's files below `folder`, of the right length and with nothing in them. */
export function makeHoles(folder: string, { name, lengths }: Shape): void {
  const made = new Set<string>();
  for (const [at, parts] of fileNames(lengths.length).entries()) {
    const file = lengths.length === 1 ? path.join(folder, name) : path.join(folder, name, ...parts);
    const parent = path.dirname(file);
    if (!made.has(parent)) mkdirSync(parent, { recursive: true });
    made.add(parent);
    const fd = openSync(file, 'w');
    ftruncateSync(fd, lengths[at]!);
    closeSync(fd);
  }
}
