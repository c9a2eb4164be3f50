// Writing torrent files (BEP 3, 12, 19, 27, 47; v1): always the canonical form, so the same torrent is the same bytes.
import { assert } from '../../base/assert.ts';
import { type BencodeInput, EncodedValue, encodeBencode } from '../bencode/bencode-encoder.ts';
import { PIECE_BYTES_MAX } from '../limits.ts';
import { INFO_HASH_BYTES } from './info-hash.ts';
import type { Metainfo } from './metainfo.ts';

/** A file of a new multi-file torrent. */
export interface NewFile {
  /** Parts of the path below the torrent's folder. */
  readonly path: readonly string[];
  readonly length: number;
  /** BEP 47 attributes: `p` pad, `x` executable, `h` hidden. */
  readonly attributes?: string;
}

/** What a new torrent file shall say. */
export interface NewMetainfo {
  readonly name: string;
  /** A number of bytes makes a single-file torrent; a list, even of one file, a folder. */
  readonly content: number | readonly NewFile[];
  readonly pieceBytes: number;
  /** SHA-1 of each piece, 20 bytes each. */
  readonly pieceHashes: Uint8Array;
  readonly private?: boolean;
  /** Makes the info hash differ from that of the same files elsewhere; private trackers ask for it. */
  readonly source?: string;
  readonly tiers?: readonly (readonly string[])[];
  readonly webSeeds?: readonly string[];
  readonly comment?: string;
  readonly createdBy?: string;
  readonly creationDateSeconds?: number;
}

/** What stands in a torrent file beside its info dictionary. */
type Surroundings = Partial<
  Pick<Metainfo, 'tiers' | 'webSeeds' | 'httpSeeds' | 'nodes' | 'comment' | 'createdBy' | 'creationDateSeconds'>
>;

/** Encodes a torrent file. Numbers that contradict each other are a bug of the caller. */
export function encodeMetainfo(torrent: NewMetainfo): Uint8Array {
  return encodeAround(encodeInfo(torrent), torrent);
}

/** Encodes a torrent file around the info dictionary that a torrent has already, byte for byte. */
export function encodeTorrentFile(metainfo: Metainfo): Uint8Array {
  return encodeAround(new EncodedValue(metainfo.infoBytes), metainfo);
}

function encodeAround(info: BencodeInput, around: Surroundings): Uint8Array {
  const tiers = (around.tiers ?? []).filter((tier) => tier.length > 0);
  const trackers = tiers.flat();
  return encodeBencode({
    announce: trackers[0],
    // One tracker needs no list, and old clients read `announce` alone (BEP 12).
    'announce-list': trackers.length > 1 ? tiers : undefined,
    comment: around.comment,
    'created by': around.createdBy,
    'creation date': around.creationDateSeconds,
    httpseeds: around.httpSeeds?.length ? around.httpSeeds : undefined,
    info,
    nodes: around.nodes?.length ? around.nodes.map(({ host, port }) => [host, port]) : undefined,
    'url-list': around.webSeeds?.length ? around.webSeeds : undefined,
  });
}

function encodeInfo(torrent: NewMetainfo): BencodeInput {
  const { content, pieceBytes, pieceHashes } = torrent;
  const single = typeof content === 'number';
  const totalBytes = single ? content : content.reduce((sum, file) => sum + file.length, 0);
  assert(torrent.name !== '', 'a torrent has a name');
  assert(Number.isSafeInteger(totalBytes) && totalBytes > 0, 'a torrent holds data');
  assert(pieceBytes >= 1 && pieceBytes <= PIECE_BYTES_MAX, 'the piece length is one that parseMetainfo takes');
  assert(pieceHashes.length === Math.ceil(totalBytes / pieceBytes) * INFO_HASH_BYTES, 'every piece has its hash');
  return {
    files: single ? undefined : content.map(encodeFile),
    length: single ? content : undefined,
    name: torrent.name,
    'piece length': pieceBytes,
    pieces: pieceHashes,
    private: torrent.private ? 1 : undefined,
    source: torrent.source,
  };
}

function encodeFile(file: NewFile): BencodeInput {
  assert(file.path.length > 0 && file.path.every((part) => part !== ''), 'a file has a path');
  return { attr: file.attributes || undefined, length: file.length, path: file.path };
}
