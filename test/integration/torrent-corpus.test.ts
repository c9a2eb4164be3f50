// libtorrent's own table of torrent files that a parser must accept or refuse, and where and why we differ from it.
// The files are not part of this repository: they are looked for in ../shared/torrents, or $MILLRACE_SHARED/torrents.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { InputError } from '#src/base/errors.ts';
import type { Metainfo, MetainfoPorts, NameRules } from '#src/protocol/metainfo/metainfo.ts';
import { parseMetainfo } from '#src/protocol/metainfo/parse-metainfo.ts';
import { repository } from '../support/repository.ts';

interface Expectation {
  readonly expect: 'accept' | 'reject' | 'unlisted';
  readonly reason?: string;
  readonly libtorrent2_0_8?: LibtorrentReading | { readonly error: string };
}

interface LibtorrentReading {
  readonly v1: string | null;
  readonly v2: string | null;
  readonly pieceLength: number;
  readonly pieces: number;
  readonly private: boolean;
  readonly files: readonly { readonly path: string; readonly length: number; readonly pad: boolean }[];
  readonly trackers: readonly string[];
  readonly webSeeds: readonly string[];
}

const folder = path.join(process.env['MILLRACE_SHARED'] ?? path.join(repository, '..', 'shared'), 'torrents');
const table = path.join(folder, 'expected.json');
const skip = existsSync(table) ? false : `no torrent corpus: ${table} does not exist (set MILLRACE_SHARED)`;
if (skip !== false) console.log(`SKIPPED: ${skip}`);

const ports: MetainfoPorts = {
  sha1: (bytes) => createHash('sha1').update(bytes).digest(),
  sha256: (bytes) => createHash('sha256').update(bytes).digest(),
};

/** libtorrent's reasons, as our codes. Every refusal has a reason of its own, so a wrong one is noticed. */
const CODES: Readonly<Record<string, string>> = {
  depth_exceeded: 'ERR_BENCODE_LIMIT',
  invalid_bencoding: 'ERR_BENCODE_CANONICAL',
  no_files_in_torrent: 'ERR_METAINFO_FILES',
  too_many_duplicate_filenames: 'ERR_METAINFO_COLLISIONS',
  too_many_pieces_in_torrent: 'ERR_METAINFO_TOO_LARGE',
  torrent_file_parse_failed: 'ERR_METAINFO_FILE_TREE',
  torrent_inconsistent_files: 'ERR_METAINFO_INCONSISTENT',
  torrent_invalid_length: 'ERR_METAINFO_LENGTH',
  torrent_invalid_piece_layer: 'ERR_METAINFO_PIECE_LAYERS',
  torrent_is_no_dict: 'ERR_METAINFO_NOT_DICTIONARY',
  torrent_missing_info: 'ERR_METAINFO_INFO',
  torrent_missing_name: 'ERR_METAINFO_NAME',
  torrent_missing_piece_length: 'ERR_METAINFO_PIECE_LENGTH',
  torrent_missing_pieces_root: 'ERR_METAINFO_PIECES_ROOT',
};

/** A torrent of empty files has a code of its own: its lengths are valid, there is just nothing to download. */
const OTHER_CODES: Readonly<Record<string, string>> = { 'zero2.torrent': 'ERR_METAINFO_EMPTY' };

/** Names that we make safe in another way than libtorrent. */
const OTHER_PATHS: Readonly<Record<string, string>> = {
  // An empty part is left out like `.` and `..`, where libtorrent makes a folder `_` of it.
  'empty_path.torrent': 'temp/_',
  // A file name may have 255 bytes, as file systems allow, of which the extension keeps its own; libtorrent keeps 250.
  'long_name.torrent': `${'abcdefghij0123456789'.repeat(12)}abcdef.23456789`,
};

function readingOf(expected: Expectation): LibtorrentReading | undefined {
  const reading = expected.libtorrent2_0_8;
  return reading !== undefined && 'files' in reading ? reading : undefined;
}

function parse(name: string, nameRules: NameRules): Metainfo | InputError {
  try {
    return parseMetainfo(readFileSync(path.join(folder, name)), { ...ports, nameRules });
  } catch (error) {
    assert.ok(error instanceof InputError, `${name}: ${String(error)}`);
    return error;
  }
}

function checkAccepted(name: string, torrent: Metainfo | InputError, reading: LibtorrentReading): void {
  // Nothing can be downloaded by v2 hashes yet; that is what such files are refused for, and for nothing else.
  if (reading.v1 === null) {
    assert.ok(torrent instanceof InputError);
    assert.equal(torrent.code, 'ERR_METAINFO_V2_ONLY');
    return;
  }
  if (torrent instanceof InputError) throw torrent;
  assert.equal(torrent.infoHash, reading.v1);
  assert.equal(torrent.infoHashV2 ?? null, reading.v2);
  assert.equal(torrent.pieceBytes, reading.pieceLength);
  assert.equal(torrent.pieceCount, reading.pieces);
  assert.equal(torrent.private, reading.private);
  assert.deepEqual(torrent.tiers.flat(), reading.trackers);
  // libtorrent writes the slash that BEP 19 wants behind a folder's URL; we keep the URL as it is.
  const bare = (url: string): string => url.replace(/\/$/, '');
  assert.deepEqual(new Set(torrent.webSeeds.map(bare)), new Set(reading.webSeeds.map(bare)));
  checkFiles(name, torrent, reading);
}

function checkFiles(name: string, torrent: Metainfo, reading: LibtorrentReading): void {
  const ours = torrent.files.filter((file) => !file.pad);
  // libtorrent reorders the files of hybrid torrents to where v2 puts the pads; the order of files stays the same.
  const theirs = reading.files.filter((file) => !file.pad);
  assert.deepEqual(
    ours.map((file) => file.length),
    theirs.map((file) => file.length),
  );
  assert.equal(
    torrent.files.filter((file) => file.pad).length,
    reading.files.filter((file) => file.pad).length,
    'pad files',
  );
  for (const [i, file] of theirs.entries()) assert.equal(ours[i]!.path, OTHER_PATHS[name] ?? file.path);
}

function checkSafe(torrent: Metainfo): void {
  const base = path.resolve('/download');
  const seen = new Set<string>();
  for (const file of torrent.files) {
    for (const relative of [file.path, file.symlink ?? file.path]) {
      const resolved = path.resolve(base, relative);
      assert.ok(resolved.startsWith(`${base}${path.sep}`), relative);
      assert.equal(path.relative(base, resolved), relative);
      for (const part of relative.split('/')) assert.ok(Buffer.byteLength(part) <= 255, part);
    }
    const key = file.path.normalize('NFC').toLowerCase();
    assert.ok(!seen.has(key), file.path);
    seen.add(key);
  }
  assert.equal(
    torrent.files.reduce((sum, file) => sum + file.length, 0),
    torrent.totalBytes,
  );
}

const expectations: Readonly<Record<string, Expectation>> =
  skip === false ? JSON.parse(readFileSync(table, 'utf8')) : {};

test('the table names every file of the corpus', { skip }, () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.torrent'));
  assert.deepEqual(files.sort(), Object.keys(expectations).sort());
});

for (const [name, expected] of Object.entries(expectations)) {
  test(`${name}: ${expected.expect} ${expected.reason ?? ''}`, () => {
    // libtorrent read the files on Linux; other clients write the names that only Windows refuses there, so we do.
    const torrent = parse(name, 'posix');
    const reading = readingOf(expected);
    if (expected.expect === 'reject') {
      assert.ok(torrent instanceof InputError, 'accepted');
      assert.equal(torrent.code, OTHER_CODES[name] ?? CODES[expected.reason ?? '']);
    } else {
      assert.ok(reading !== undefined, 'libtorrent 2.0.8 could not read it');
      checkAccepted(name, torrent, reading);
    }
    for (const reading of [torrent, parse(name, 'portable')]) {
      if (!(reading instanceof InputError)) checkSafe(reading);
    }
  });
}
