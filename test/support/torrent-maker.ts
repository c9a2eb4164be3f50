// Makes .torrent files in memory, apart from `millrace create`: the tests must not trust what they test (BEP 3, 47).
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Bencodable, bencode } from './bencode.ts';
import type { Payload } from './payload.ts';

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** A torrent and the payload it describes. */
export interface TestTorrent {
  readonly payload: Payload;
  readonly pieceBytes: number;
  readonly pieceCount: number;
  readonly totalBytes: number;
  /** The files' bytes, one after the other. */
  readonly bytes: Uint8Array;
  /** The .torrent file. */
  readonly metainfo: Buffer;
  readonly infoHash: Buffer;
}

/** What a torrent may say beside its payload. */
export interface TorrentOptions {
  /** A tracker. */
  readonly announce?: string;
  /** Web servers that have the files (BEP 19). */
  readonly webSeeds?: readonly string[];
  /** Only for members (BEP 27). */
  readonly private?: boolean;
}

/** Cuts a payload into pieces and describes it. */
export function makeTorrent(payload: Payload, pieceBytes: number, options: TorrentOptions = {}): TestTorrent {
  const info: Record<string, Bencodable> = {
    name: payload.name,
    'piece length': pieceBytes,
    pieces: pieceHashes(payload.bytes, pieceBytes),
  };
  if (payload.single) info['length'] = payload.bytes.length;
  else
    info['files'] = payload.files.map((file) => ({ length: file.length, path: file.path, ...padAttribute(file.pad) }));
  if (options.private) info['private'] = 1;
  return {
    payload,
    pieceBytes,
    pieceCount: Math.ceil(payload.bytes.length / pieceBytes),
    totalBytes: payload.bytes.length,
    bytes: payload.bytes,
    metainfo: bencode({
      info,
      ...(options.announce === undefined ? {} : { announce: options.announce }),
      ...(options.webSeeds === undefined ? {} : { 'url-list': [...options.webSeeds] }),
    }),
    infoHash: createHash('sha1').update(bencode(info)).digest(),
  };
}

function padAttribute(pad: boolean): Readonly<Record<string, Bencodable>> {
  return pad ? { attr: 'p' } : {};
}

function pieceHashes(bytes: Uint8Array, pieceBytes: number): Buffer {
  const hashes: Buffer[] = [];
  for (let offset = 0; offset < bytes.length; offset += pieceBytes)
    hashes.push(
      createHash('sha1')
        .update(bytes.subarray(offset, offset + pieceBytes))
        .digest(),
    );
  return Buffer.concat(hashes);
}

/** Saves the .torrent file in `folder` under its info hash and returns its path. */
export async function saveTorrent(torrent: TestTorrent, folder: string): Promise<string> {
  const file = path.join(folder, `${torrent.infoHash.toString('hex')}.torrent`);
  await writeFile(file, torrent.metainfo);
  return file;
}
