// What the study downloads: one piece of noise, again and again. So the seeder keeps one piece in memory, every byte can
// be checked, and all pieces have one digest.
import { createCipheriv, createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** A torrent for measurements. */
export interface StudyTorrent {
  readonly file: string;
  readonly infoHash: string;
  readonly pieceBytes: number;
  readonly totalBytes: number;
}

/** The piece that everything is made of: AES-CTR over zeros, the same bytes in every run. */
export function pattern(pieceBytes: number): Buffer {
  return createCipheriv('aes-128-ctr', new Uint8Array(16).fill(7), new Uint8Array(16)).update(Buffer.alloc(pieceBytes));
}

function text(value: string): string {
  return `${Buffer.byteLength(value)}:${value}`;
}

/** Writes a .torrent of `pieces` equal pieces (BEP 3), cut into `files` files of equal length; `name` tells it from others. */
export function writeStudyTorrent(
  folder: string,
  pieceBytes: number,
  pieces: number,
  files = 1,
  name = 'study',
): StudyTorrent {
  const totalBytes = pieceBytes * pieces;
  const digest = createHash('sha1').update(pattern(pieceBytes)).digest();
  const digests = Buffer.alloc(pieces * digest.length);
  for (let piece = 0; piece < pieces; piece++) digest.copy(digests, piece * digest.length);
  const length = totalBytes / files;
  const list = Array.from({ length: files }, (_, file) => {
    return `d6:lengthi${length}e4:pathl${text(`folder-${file % 20}`)}${text(`file-${file}.bin`)}ee`;
  });
  const shape = files === 1 ? `6:lengthi${totalBytes}e` : `5:filesl${list.join('')}e`;
  const head = `d${shape}4:name${text(`${name}.bin`)}12:piece lengthi${pieceBytes}e6:pieces${digests.length}:`;
  const info = Buffer.concat([Buffer.from(head), digests, Buffer.from('e')]);
  const file = path.join(folder, `${name}-${pieceBytes}-${pieces}-${files}.torrent`);
  writeFileSync(file, Buffer.concat([Buffer.from('d4:info'), info, Buffer.from('e')]));
  return { file, infoHash: createHash('sha1').update(info).digest('hex'), pieceBytes, totalBytes };
}
