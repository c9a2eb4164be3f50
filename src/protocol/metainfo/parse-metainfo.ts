// Torrent files (BEP 3) and info dictionaries that came from peers (BEP 9) to Metainfo: every claim of the file is
// checked here, once, so that no other part of Millrace has to.

import { assert } from '../../base/assert.ts';
import { toHex } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import { eachInSteps, runSteps, type Steps } from '../../base/steps.ts';
import { bencodeSteps } from '../bencode/bencode-decoder.ts';
import { BencodeDictionary } from '../bencode/bencode-value.ts';
import { METAINFO_BENCODE_LIMITS, PIECE_BYTES_MAX, PIECES_MAX } from '../limits.ts';
import { FILES_PER_STEP, type FileEntry, readFileEntries } from './file-entry.ts';
import { checkPieceLayers, matchFileTree, readFileTree, type TreeFile } from './file-tree.ts';
import { INFO_HASH_BYTES, infoHashFromBytes } from './info-hash.ts';
import type { Metainfo, MetainfoFile, MetainfoPorts, NameRules, TorrentInfo } from './metainfo.ts';
import { NameReader } from './name-reader.ts';
import { presentFields } from './present-fields.ts';
import { safeName, safeParts } from './safe-path.ts';
import { readNodes, readTiers, readUrls } from './sources.ts';
import { UniquePaths } from './unique-paths.ts';

/**
 * Reads a torrent file. Throws InputError: ERR_BENCODE_* when it is not bencode, ERR_METAINFO_* when it does not
 * describe a torrent that can be downloaded. The result holds views into `bytes`.
 */
export function parseMetainfo(bytes: Uint8Array, ports: MetainfoPorts): Metainfo {
  return runSteps(metainfoSteps(bytes, ports));
}

/** The same in steps: a torrent of 100,000 files takes half a second. */
export function* metainfoSteps(bytes: Uint8Array, ports: MetainfoPorts): Steps<Metainfo> {
  const root = yield* bencodeSteps(bytes, { limits: METAINFO_BENCODE_LIMITS });
  if (!(root instanceof BencodeDictionary)) {
    throw new InputError('ERR_METAINFO_NOT_DICTIONARY', 'This is not a torrent file: it is not a bencoded dictionary.');
  }
  const info = root.dictionary('info');
  if (info === undefined) {
    throw new InputError('ERR_METAINFO_INFO', 'This is not a torrent file: it has no info dictionary.');
  }
  const tree = readFileTree(info, readPieceBytes(info));
  // Without any it came from peers, who give them apart; the version 1 side does without.
  if (tree !== undefined && root.get('piece layers') !== undefined) {
    checkPieceLayers(root.dictionary('piece layers'), tree, readPieceBytes(info));
  }
  const declared = root.text('encoding');
  const torrent = yield* readInfo(info, tree, ports, declared);
  const comment = { raw: root.byteString('comment'), twin: root.byteString('comment.utf-8') };
  const createdBy = { raw: root.byteString('created by'), twin: root.byteString('created by.utf-8') };
  const samples = [comment.raw, createdBy.raw].filter((text) => text !== undefined);
  const reader = new NameReader(ports, samples, declared);
  const date = root.integer('creation date');
  const nodes = readNodes(root);
  return {
    tiers: readTiers(root),
    webSeeds: readUrls(root.get('url-list')),
    httpSeeds: readUrls(root.get('httpseeds')),
    ...torrent,
    ...presentFields({
      comment: comment.raw && reader.read(comment.raw, comment.twin),
      createdBy: createdBy.raw && reader.read(createdBy.raw, createdBy.twin),
      creationDateSeconds: date !== undefined && date >= 0 ? date : undefined,
      nodes: nodes.length > 0 ? nodes : undefined,
    }),
  };
}

/**
 * Reads an info dictionary on its own, as peers send it to those who came by a magnet link. The caller compares
 * `infoHash` with what it asked for. Throws InputError like `parseMetainfo`.
 */
export function parseTorrentInfo(infoBytes: Uint8Array, ports: MetainfoPorts): TorrentInfo {
  return runSteps(torrentInfoSteps(infoBytes, ports));
}

/** The same in steps. */
export function* torrentInfoSteps(infoBytes: Uint8Array, ports: MetainfoPorts): Steps<TorrentInfo> {
  const info = yield* bencodeSteps(infoBytes, { limits: METAINFO_BENCODE_LIMITS });
  if (!(info instanceof BencodeDictionary)) {
    throw new InputError('ERR_METAINFO_INFO', 'The metadata is not an info dictionary.');
  }
  if (info.bytes.length !== infoBytes.length) {
    throw new InputError('ERR_METAINFO_INFO', 'The metadata goes on behind its info dictionary.');
  }
  return yield* readInfo(info, readFileTree(info, readPieceBytes(info)), ports, undefined);
}

function readPieceBytes(info: BencodeDictionary): number {
  const pieceBytes = info.integer('piece length');
  if (pieceBytes !== undefined && pieceBytes >= 1 && pieceBytes <= PIECE_BYTES_MAX) return pieceBytes;
  throw new InputError(
    'ERR_METAINFO_PIECE_LENGTH',
    `The torrent does not say a usable piece length (1 to ${PIECE_BYTES_MAX} bytes).`,
  );
}

function* readInfo(
  info: BencodeDictionary,
  tree: readonly TreeFile[] | undefined,
  ports: MetainfoPorts,
  declared: string | undefined,
): Steps<TorrentInfo> {
  const rawName = info.byteString('name');
  if (rawName === undefined) throw new InputError('ERR_METAINFO_NAME', 'The torrent has no name.');
  if (tree !== undefined && !info.has('pieces')) {
    throw new InputError(
      'ERR_METAINFO_V2_ONLY',
      'This is a version 2 torrent without a version 1 half; only version 1 and hybrid torrents can be downloaded so far.',
    );
  }
  const infoHash = infoHashFromBytes(ports.sha1(info.bytes));
  assert(infoHash !== undefined, 'SHA-1 has 20 bytes');
  const pieceBytes = readPieceBytes(info);
  const entries = yield* readFileEntries(info);
  const matches = tree && matchFileTree(entries, tree, rawName, pieceBytes);
  const reader = new NameReader(ports, [rawName, ...entries.flatMap((entry) => entry.path)], declared);
  const rules = ports.nameRules ?? 'portable';
  const spelled = reader.readName(rawName, info.byteString('name.utf-8'));
  const name = safeName(spelled, rules) || infoHash;
  const files = yield* layOut(entries, new PathReader(reader, { name, rules, spelled }), matches);
  const last = files.at(-1);
  const totalBytes = last === undefined ? 0 : last.offset + last.length;
  const pieceHashes = readPieceHashes(info, totalBytes, pieceBytes);
  const source = info.byteString('source');
  return {
    infoHash,
    infoBytes: info.bytes,
    name,
    pieceBytes,
    pieceCount: pieceHashes.length / INFO_HASH_BYTES,
    totalBytes,
    pieceHashes,
    files,
    private: info.integer('private') === 1,
    ...presentFields({
      infoHashV2: tree && toHex(ports.sha256(info.bytes)),
      metaVersion: tree && 2,
      source: source && reader.read(source),
    }),
  };
}

function readPieceHashes(info: BencodeDictionary, totalBytes: number, pieceBytes: number): Uint8Array {
  if (totalBytes === 0) throw new InputError('ERR_METAINFO_EMPTY', 'The torrent holds no data.');
  const pieceCount = Math.ceil(totalBytes / pieceBytes);
  if (pieceCount > PIECES_MAX) {
    throw new InputError(
      'ERR_METAINFO_TOO_LARGE',
      `The torrent has ${pieceCount} pieces, more than the ${PIECES_MAX} that are supported.`,
    );
  }
  const hashes = info.byteString('pieces');
  if (hashes?.length === pieceCount * INFO_HASH_BYTES) return hashes;
  throw new InputError(
    'ERR_METAINFO_PIECES',
    `The torrent has ${pieceCount} pieces but ${(hashes?.length ?? 0) / INFO_HASH_BYTES} piece hashes.`,
  );
}

/** Reads the paths of one torrent: text first, then safety. */
class PathReader {
  readonly rules: NameRules;
  readonly #reader: NameReader;
  readonly #name: string;
  readonly #spelled: string;

  /** `spelled` is the torrent's name as it spells it, `name` the same made safe. */
  constructor(reader: NameReader, { name, rules, spelled }: { name: string; rules: NameRules; spelled: string }) {
    this.#reader = reader;
    this.#name = name;
    this.#spelled = spelled;
    this.rules = rules;
  }

  /** The parts as the torrent spells them; `undefined` when they are what `safe` says, or cannot be part of a URL. */
  spelled({ path, utf8Path }: FileEntry, safe: string): readonly string[] | undefined {
    const parts = [this.#spelled, ...path.map((part, i) => this.#reader.readName(part, utf8Path?.[i]))];
    if (parts.join('/') === safe) return undefined;
    return parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('/')) ? undefined : parts;
  }

  /** Safe parts below the download folder. */
  parts(path: readonly Uint8Array[], utf8Path?: readonly Uint8Array[]): readonly string[] {
    if (path.length === 0) return [this.#name];
    const names = path.map((part, i) => this.#reader.readName(part, utf8Path?.[i]));
    return [this.#name, ...safeParts(names, this.rules)];
  }

  /** Pads are never written, so their path is made up: theirs is often missing or the same for all. */
  padParts(index: number): readonly string[] {
    return [this.#name, '.pad', String(index)];
  }
}

/** Puts the files one behind the other and gives each a path of its own. */
function* layOut(
  entries: readonly FileEntry[],
  paths: PathReader,
  matches: ReadonlyMap<FileEntry, TreeFile> | undefined,
): Steps<readonly MetainfoFile[]> {
  const unique = new UniquePaths(paths.rules);
  const wanted: (readonly string[])[] = [];
  yield* eachInSteps(entries, FILES_PER_STEP, ({ path, utf8Path }) => {
    const parts = paths.parts(path, utf8Path);
    wanted.push(parts);
    unique.addFolders(parts);
  });
  const isPad = (entry: FileEntry): boolean => entry.attributes.includes('p');
  // Pads come last, so that no real file is renamed for one.
  const claimed: string[] = [];
  yield* eachInSteps(entries, FILES_PER_STEP, (entry, i) => {
    claimed.push(isPad(entry) ? '' : unique.claim(wanted[i]!));
  });
  const files: MetainfoFile[] = [];
  let offset = 0;
  yield* eachInSteps(entries, FILES_PER_STEP, (entry, i) => {
    files.push({
      path: isPad(entry) ? unique.claim(paths.padParts(i)) : claimed[i]!,
      length: entry.length,
      offset,
      pad: isPad(entry),
      executable: entry.attributes.includes('x'),
      hidden: entry.attributes.includes('h'),
      ...presentFields({
        spelled: isPad(entry) ? undefined : paths.spelled(entry, claimed[i]!),
        symlink: entry.symlink && paths.parts(entry.symlink).join('/'),
        piecesRoot: matches?.get(entry)?.piecesRoot,
      }),
    });
    offset += entry.length;
    if (Number.isSafeInteger(offset)) return;
    const message = 'The lengths of the torrent’s files add up to more than can be counted.';
    throw new InputError('ERR_METAINFO_LENGTH', message);
  });
  return files;
}
