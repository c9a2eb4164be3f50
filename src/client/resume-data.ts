// Resume data: what was on disk and verified when it was saved, and what the files looked like then. Bytes <-> values;
// where it is kept is resume-store.ts, what may be believed of it is reconcile.ts.
//
// One canonical bencoded dictionary. `checksum` is the SHA-256 over the same dictionary without it, so that a file that
// was torn, mixed or edited counts as none; sets of pieces and files are bitfields as on the wire (BEP 3).
import { createHash } from 'node:crypto';
import { Bitfield } from '../base/bitfield.ts';
import { equalBytes } from '../base/bytes.ts';
import { InputError } from '../base/errors.ts';
import { runSteps, type Steps } from '../base/steps.ts';
import { PRIORITY_HIGH, PRIORITY_NORMAL, PRIORITY_SKIP } from '../engine/picker/piece-picker.ts';
import { bencodeSteps } from '../protocol/bencode/bencode-decoder.ts';
import { EncodedValue, encodeBencode } from '../protocol/bencode/bencode-encoder.ts';
import { BencodeError } from '../protocol/bencode/bencode-error.ts';
import { BencodeDictionary, type BencodeValue, isBencodeList } from '../protocol/bencode/bencode-value.ts';
import { type InfoHash, infoHashBytes, infoHashFromBytes } from '../protocol/metainfo/info-hash.ts';
import type { FileStamp } from './file-stamp.ts';
import { RESUME_BENCODE_LIMITS } from './limits.ts';
import type { SavedState } from './reconcile.ts';
import { TrackerEdits } from './tracker-edits.ts';

/** Everything that survives the end of the program, for one torrent in one folder. */
export interface ResumeData extends SavedState {
  readonly infoHash: InfoHash;
  /** Absolute path of the folder that holds the files. */
  readonly directory: string;
  /** Byte *n*: how urgently file *n* is wanted, from 0, skipped, to 3, high. */
  readonly priorities: Uint8Array;
  /** Paths of files that have another name than the torrent gives them, by index. */
  readonly renamed?: ReadonlyMap<number, string>;
  /** What the user changed about the trackers. */
  readonly trackers?: TrackerEdits;
  /** Hosts that this torrent has nothing to do with (`Candidates.bans`). */
  readonly banned?: readonly string[];
  /** The run of the machine in which `unsettled` was saved. */
  readonly boot?: string;
  readonly uploadedBytes: number;
  readonly downloadedBytes: number;
  /** When the torrent was added, in milliseconds since 1970. */
  readonly addedMs: number;
}

/** Goes up when the meaning of a key changes; other versions are not read. New keys alone do not need it. */
const VERSION = 1;

const CHECKSUM_KEY = 'checksum';

/** A stamp in the list of files: two integers, or an empty list for a file that was not on disk. */
type PackedStamp = readonly number[];

function packStamp(stamp: FileStamp | undefined): PackedStamp {
  return stamp === undefined ? [] : [stamp.sizeBytes, stamp.mtimeUs];
}

/** Encodes resume data; the same data always gives the same bytes. */
export function encodeResumeData(data: ResumeData): Uint8Array {
  const { trackers, banned = [], boot, unsettled } = data;
  const fields = {
    added: data.addedMs,
    ...(trackers && trackers.added.size > 0 && { 'added trackers': [...trackers.added].map(packTracker) }),
    ...(banned.length > 0 && { banned }),
    ...(boot !== undefined && { boot }),
    directory: data.directory,
    downloaded: data.downloadedBytes,
    // Encoded once for the checksum and for the file: it may be long.
    files: new EncodedValue(encodeBencode(data.stamps.map(packStamp))),
    have: data.have.copy().bytes,
    'info hash': infoHashBytes(data.infoHash),
    pieces: data.have.length,
    priorities: data.priorities,
    ...(data.renamed !== undefined && data.renamed.size > 0 && { renamed: [...data.renamed] }),
    ...(trackers && trackers.removed.size > 0 && { 'removed trackers': [...trackers.removed] }),
    // For versions that know no priorities.
    selected: selectedOf(data.priorities).bytes,
    ...(unsettled && { unsettled: unsettled.bytes }),
    uploaded: data.uploadedBytes,
    version: VERSION,
  };
  return encodeBencode({ ...fields, [CHECKSUM_KEY]: sha256(encodeBencode(fields)) });
}

/** A tracker that the user added, and its tier, if he named one. */
function packTracker([url, tier]: readonly [string, number | undefined]): readonly (string | number)[] {
  return tier === undefined ? [url] : [url, tier];
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

function damaged(what: string, cause?: unknown): never {
  const message = `the resume data is damaged (${what}): the files are checked instead`;
  throw new InputError('ERR_RESUME_DAMAGED', message, { cause });
}

function* decodeRoot(bytes: Uint8Array): Steps<BencodeValue> {
  try {
    return yield* bencodeSteps(bytes, { strict: true, limits: RESUME_BENCODE_LIMITS });
  } catch (error) {
    if (error instanceof BencodeError) return damaged(error.message, error);
    throw error;
  }
}

/** Whether the checksum is that of the dictionary without it. */
function isIntact(bytes: Uint8Array, checksum: Uint8Array): boolean {
  const entry = Buffer.concat([Buffer.from(`${CHECKSUM_KEY.length}:${CHECKSUM_KEY}${checksum.length}:`), checksum]);
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(entry);
  if (at < 0) return false;
  const hash = createHash('sha256')
    .update(bytes.subarray(0, at))
    .update(bytes.subarray(at + entry.length));
  return equalBytes(new Uint8Array(hash.digest()), checksum);
}

function count(root: BencodeDictionary, key: string): number {
  const value = root.integer(key);
  return value !== undefined && value >= 0 ? value : damaged(key);
}

function unpackStamp(value: BencodeValue): FileStamp | undefined {
  if (!isBencodeList(value)) return damaged('files');
  if (value.length === 0) return undefined;
  const [sizeBytes, mtimeUs] = value;
  if (value.length !== 2 || typeof sizeBytes !== 'number' || typeof mtimeUs !== 'number') return damaged('files');
  return sizeBytes >= 0 ? { sizeBytes, mtimeUs } : damaged('files');
}

function bitfield(root: BencodeDictionary, key: string, length: number): Bitfield {
  const bytes = root.byteString(key);
  return (bytes && Bitfield.fromBytes(bytes, length)) ?? damaged(key);
}

function selectedOf(priorities: Uint8Array): Bitfield {
  const selected = new Bitfield(priorities.length);
  for (const [file, priority] of priorities.entries()) if (priority !== PRIORITY_SKIP) selected.add(file);
  return selected;
}

/** Older data only says which files were selected. */
function priorities(root: BencodeDictionary, fileCount: number): Uint8Array {
  const selected = bitfield(root, 'selected', fileCount);
  const saved = root.byteString('priorities');
  if (saved === undefined) {
    return Uint8Array.from({ length: fileCount }, (_, file) => (selected.has(file) ? PRIORITY_NORMAL : PRIORITY_SKIP));
  }
  if (saved.length !== fileCount || saved.some((priority) => priority > PRIORITY_HIGH)) return damaged('priorities');
  return saved.slice();
}

/** Whether the paths are fit to be used is for the reader to judge, who knows the other files. */
function renamed(root: BencodeDictionary, fileCount: number): ReadonlyMap<number, string> {
  const paths = new Map<number, string>();
  for (const entry of root.list('renamed') ?? damaged('renamed')) {
    if (!isBencodeList(entry) || entry.length !== 2) return damaged('renamed');
    const [index, name] = entry;
    if (typeof index !== 'number' || index < 0 || index >= fileCount) return damaged('renamed');
    paths.set(index, name instanceof Uint8Array ? new TextDecoder().decode(name) : damaged('renamed'));
  }
  return paths;
}

function texts(root: BencodeDictionary, key: string): string[] {
  return (root.list(key) ?? damaged(key)).map((text) =>
    text instanceof Uint8Array ? new TextDecoder().decode(text) : damaged(key),
  );
}

function trackerEdits(root: BencodeDictionary): TrackerEdits {
  const added = (root.has('added trackers') ? (root.list('added trackers') ?? damaged('added trackers')) : []).map(
    (entry): [string, number | undefined] => {
      if (!isBencodeList(entry)) return damaged('added trackers');
      const [url, tier] = entry;
      if (!(url instanceof Uint8Array) || (tier !== undefined && typeof tier !== 'number'))
        return damaged('added trackers');
      return [new TextDecoder().decode(url), tier];
    },
  );
  return new TrackerEdits(added, root.has('removed trackers') ? texts(root, 'removed trackers') : []);
}

/**
 * Decodes resume data. Throws `InputError`, and nothing else: ERR_RESUME_DAMAGED when the bytes are not what was once
 * saved, ERR_RESUME_VERSION when another version of Millrace wrote them.
 */
export function decodeResumeData(bytes: Uint8Array): ResumeData {
  return runSteps(resumeDataSteps(bytes));
}

/** The same in steps: two numbers a file can be many. */
export function* resumeDataSteps(bytes: Uint8Array): Steps<ResumeData> {
  const root = yield* decodeRoot(bytes);
  if (!(root instanceof BencodeDictionary)) return damaged('not a dictionary');
  const checksum = root.byteString(CHECKSUM_KEY);
  if (checksum === undefined || !isIntact(bytes, checksum)) return damaged('checksum');
  const version = root.integer('version');
  if (version !== VERSION) {
    throw new InputError(
      'ERR_RESUME_VERSION',
      `the resume data is of version ${version ?? 'unknown'}, not ${VERSION}: the files are checked instead`,
    );
  }
  const files = root.list('files') ?? damaged('files');
  return {
    infoHash: infoHashFromBytes(root.byteString('info hash') ?? new Uint8Array()) ?? damaged('info hash'),
    directory: root.text('directory') ?? damaged('directory'),
    have: bitfield(root, 'have', count(root, 'pieces')),
    stamps: files.map(unpackStamp),
    priorities: priorities(root, files.length),
    ...(root.has('renamed') && { renamed: renamed(root, files.length) }),
    ...((root.has('added trackers') || root.has('removed trackers')) && { trackers: trackerEdits(root) }),
    ...(root.has('banned') && { banned: texts(root, 'banned') }),
    ...(root.has('boot') && { boot: root.text('boot') ?? damaged('boot') }),
    ...(root.has('unsettled') && { unsettled: bitfield(root, 'unsettled', count(root, 'pieces')) }),
    uploadedBytes: count(root, 'uploaded'),
    downloadedBytes: count(root, 'downloaded'),
    addedMs: count(root, 'added'),
  };
}
