// Torrent files: what is read from good ones, and how bad ones are refused. libtorrent's own files are in
// test/integration/torrent-corpus.test.ts.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { concatBytes, fromLatin1, toHex } from '../../base/bytes.ts';
import { InputError } from '../../base/errors.ts';
import { type BencodeInput, encodeBencode } from '../bencode/bencode-encoder.ts';
import { PIECE_BYTES_MAX } from '../limits.ts';
import { encodeTorrentFile } from './encode-metainfo.ts';
import type { MetainfoPorts } from './metainfo.ts';
import { parseMetainfo, parseTorrentInfo } from './parse-metainfo.ts';

const ports: MetainfoPorts = {
  sha1: (bytes) => createHash('sha1').update(bytes).digest(),
  sha256: (bytes) => createHash('sha256').update(bytes).digest(),
};

type Fields = Record<string, BencodeInput | undefined>;

const SINGLE: Fields = { length: 40_000, name: 'a.bin', 'piece length': 16384, pieces: new Uint8Array(60).fill(7) };

function torrent(info: Fields = {}, root: Fields = {}): Uint8Array {
  return encodeBencode({ info: { ...SINGLE, ...info }, ...root });
}

function files(...list: Fields[]): Fields {
  return { length: undefined, files: list };
}

function refusal(bytes: Uint8Array): string {
  try {
    parseMetainfo(bytes, ports);
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    return error.code;
  }
  return 'accepted';
}

test('a single-file torrent is read', () => {
  const bytes = torrent();
  const metainfo = parseMetainfo(bytes, ports);
  const info = encodeBencode(SINGLE);
  assert.deepEqual(metainfo, {
    infoHash: createHash('sha1').update(info).digest('hex'),
    infoBytes: info,
    name: 'a.bin',
    pieceBytes: 16384,
    pieceCount: 3,
    totalBytes: 40_000,
    pieceHashes: new Uint8Array(60).fill(7),
    files: [{ path: 'a.bin', length: 40_000, offset: 0, pad: false, executable: false, hidden: false }],
    private: false,
    tiers: [],
    webSeeds: [],
    httpSeeds: [],
  });
  assert.equal(metainfo.infoBytes.buffer, bytes.buffer, 'the info dictionary is a view');
  assert.equal(metainfo.pieceHashes.buffer, bytes.buffer, 'the piece hashes are a view');
});

test('files of a multi-file torrent lie one behind the other below its name', () => {
  const { files: read, totalBytes } = parseMetainfo(
    torrent(
      files(
        { path: ['d', 'a'], length: 10_000, attr: 'x' },
        { path: ['.pad', '5'], length: 6384, attr: 'p' },
        { path: ['e'], length: 0, attr: 'h' },
        { path: ['.pad', '5'], length: 0, attr: 'p' },
        { path: ['b'], length: 23_616 },
      ),
    ),
    ports,
  );
  assert.equal(totalBytes, 40_000);
  assert.deepEqual(
    read.map((file) => [file.path, file.offset, file.length, file.pad, file.executable, file.hidden]),
    [
      ['a.bin/d/a', 0, 10_000, false, true, false],
      ['a.bin/.pad/1', 10_000, 6384, true, false, false],
      ['a.bin/e', 16_384, 0, false, false, true],
      ['a.bin/.pad/3', 16_384, 0, true, false, false],
      ['a.bin/b', 16_384, 23_616, false, false, false],
    ],
  );
});

test('a pad never takes the path of a real file', () => {
  const { files: read } = parseMetainfo(
    torrent(files({ length: 1, attr: 'p' }, { path: ['.pad', '0'], length: 39_999 })),
    ports,
  );
  assert.deepEqual(
    read.map((file) => file.path),
    ['a.bin/.pad/0.1', 'a.bin/.pad/0'],
  );
});

test('a file in the way of a folder gives way, though it comes first', () => {
  const { files: read } = parseMetainfo(
    torrent(files({ path: ['a'], length: 1 }, { path: ['A', 'b'], length: 39_999 })),
    ports,
  );
  assert.deepEqual(
    read.map((file) => file.path),
    ['a.bin/a.1', 'a.bin/A/b'],
  );
});

test('the target of a link is data, and as safe as a path', () => {
  const link = { path: ['l'], length: 99, attr: 'l', 'symlink path': ['..', '..', 'etc', 'passwd'] };
  const { files: read } = parseMetainfo(torrent(files({ path: ['a'], length: 40_000 }, link)), ports);
  assert.equal(read[1]?.symlink, 'a.bin/etc/passwd');
  assert.equal(read[1]?.length, 0, 'a link takes no room in the torrent');
});

test('the info hash is that of the bytes as they came, canonical or not', () => {
  const info = fromLatin1(`d6:lengthi00040000e4:name1:a12:piece lengthi16384e6:pieces60:${'h'.repeat(60)}1:ai1ee`);
  const metainfo = parseMetainfo(concatBytes([fromLatin1('d4:info'), info, fromLatin1('e\r\n')]), ports);
  assert.deepEqual(metainfo.infoBytes, info);
  assert.equal(metainfo.infoHash, createHash('sha1').update(info).digest('hex'));
});

test('what a file says about itself is read', () => {
  const metainfo = parseMetainfo(
    torrent(
      { private: 1, source: 'PTP' },
      {
        comment: 'hello',
        'created by': 'me/1.0',
        'creation date': 1_700_000_000,
        nodes: [['10.0.0.1', 6881], ['bad host', 1], ['h', 0], 'x'],
        'url-list': 'http://w/',
        httpseeds: ['http://h/', '', 5],
      },
    ),
    ports,
  );
  assert.equal(metainfo.private, true);
  assert.equal(metainfo.source, 'PTP');
  assert.equal(metainfo.comment, 'hello');
  assert.equal(metainfo.createdBy, 'me/1.0');
  assert.equal(metainfo.creationDateSeconds, 1_700_000_000);
  assert.deepEqual(metainfo.nodes, [{ host: '10.0.0.1', port: 6881 }]);
  assert.deepEqual(metainfo.webSeeds, ['http://w/']);
  assert.deepEqual(metainfo.httpSeeds, ['http://h/']);
});

test('only the integer 1 makes a torrent private', () => {
  for (const value of [0, 2, '1']) assert.equal(parseMetainfo(torrent({ private: value }), ports).private, false);
});

test('the announce list wins over announce unless it is empty; each tracker comes once', () => {
  const tiers = (root: Fields): unknown => parseMetainfo(torrent({}, root), ports).tiers;
  assert.deepEqual(tiers({ announce: ' http://a/\n' }), [['http://a/']]);
  assert.deepEqual(tiers({ announce: 'http://a/', 'announce-list': [[], ['']] }), [['http://a/']]);
  assert.deepEqual(
    tiers({ announce: 'http://a/', 'announce-list': [['http://b/', 'http://c/', 7], ['http://b/'], 'udp://d:1'] }),
    [['http://b/', 'http://c/'], ['udp://d:1']],
  );
  assert.deepEqual(tiers({ announce: 'http://a/\r\nHost: x' }), [], 'nothing that could split a request');
  const many = Array.from({ length: 300 }, (_, i) => [`http://t${i}/`]);
  assert.equal((tiers({ 'announce-list': many }) as unknown[]).length, 256);
});

test('UTF-8 twins of names win, part by part', () => {
  const { name, files: read } = parseMetainfo(
    torrent({
      ...files({ path: [fromLatin1('\xe9'), 'b'], 'path.utf-8': ['é', 'b'], length: 40_000 }),
      name: fromLatin1('\xe9'),
      'name.utf-8': 'ü',
    }),
    ports,
  );
  assert.equal(name, 'ü');
  assert.equal(read[0]?.path, 'ü/é/b');
});

test('a torrent whose name vanishes is named by its info hash', () => {
  for (const bad of ['..', '', '/', '. .']) {
    const metainfo = parseMetainfo(torrent({ name: bad }), ports);
    assert.equal(metainfo.name, metainfo.infoHash);
    assert.equal(metainfo.files[0]?.path, metainfo.infoHash);
  }
});

test('torrents that contradict themselves are refused', () => {
  const cases: [string, Uint8Array][] = [
    ['ERR_BENCODE_SYNTAX', fromLatin1('<html>')],
    ['ERR_BENCODE_TRUNCATED', torrent().subarray(0, 60)],
    ['ERR_METAINFO_NOT_DICTIONARY', fromLatin1('le')],
    ['ERR_METAINFO_INFO', fromLatin1('de')],
    ['ERR_METAINFO_NAME', torrent({ name: undefined })],
    ['ERR_METAINFO_NAME', torrent({ name: 1 })],
    ['ERR_METAINFO_PIECE_LENGTH', torrent({ 'piece length': undefined })],
    ['ERR_METAINFO_PIECE_LENGTH', torrent({ 'piece length': 0 })],
    ['ERR_METAINFO_PIECE_LENGTH', torrent({ 'piece length': PIECE_BYTES_MAX + 1 })],
    ['ERR_METAINFO_PIECES', torrent({ pieces: undefined })],
    ['ERR_METAINFO_PIECES', torrent({ pieces: new Uint8Array(59) })],
    ['ERR_METAINFO_PIECES', torrent({ pieces: new Uint8Array(80) })],
    ['ERR_METAINFO_PIECES', torrent({ length: 3 * 16384 + 1 })],
    ['ERR_METAINFO_LENGTH', torrent({ length: undefined })],
    ['ERR_METAINFO_LENGTH', torrent({ length: -1 })],
    ['ERR_METAINFO_LENGTH', torrent({ length: 2n ** 60n })],
    ['ERR_METAINFO_EMPTY', torrent({ length: 0, pieces: '' })],
    ['ERR_METAINFO_TOO_LARGE', torrent({ length: 2 ** 50 })],
    ['ERR_METAINFO_FILES', torrent({ files: [] })],
    ['ERR_METAINFO_FILES', torrent({ files: ['x'] })],
    ['ERR_METAINFO_FILES', torrent(files({ length: 40_000 }))],
    ['ERR_METAINFO_FILES', torrent(files({ length: 40_000, path: [] }))],
    ['ERR_METAINFO_FILES', torrent(files({ length: 40_000, path: ['a', 1] }))],
    ['ERR_METAINFO_LENGTH', torrent(files({ length: -1, path: ['a'] }))],
    ['ERR_METAINFO_LENGTH', torrent(files(...['a', 'b'].map((name) => ({ length: 2 ** 53 - 1, path: [name] }))))],
    ['ERR_METAINFO_PATH', torrent(files({ length: 40_000, path: Array.from({ length: 40 }, () => 'p'.repeat(100)) }))],
    ['ERR_METAINFO_VERSION', torrent({ 'meta version': 3 })],
  ];
  for (const [code, bytes] of cases) assert.equal(refusal(bytes), code);
});

const ROOT = new Uint8Array(32).fill(9);

function hybrid(tree: Fields, info: Fields = {}): Fields {
  return { 'meta version': 2, 'file tree': tree, ...info };
}

function leaf(length: number, root: Uint8Array | undefined = length > 0 ? ROOT : undefined): Fields {
  return { '': { length, 'pieces root': root } };
}

const LAYERS: Fields = { 'piece layers': new Map([[String.fromCharCode(...ROOT), new Uint8Array(96)]]) };

test('a hybrid torrent is read by its v1 side and keeps what v2 says', () => {
  const bytes = torrent(hybrid({ 'a.bin': leaf(40_000) }), LAYERS);
  const metainfo = parseMetainfo(bytes, ports);
  assert.equal(metainfo.metaVersion, 2);
  assert.equal(metainfo.infoHashV2, toHex(ports.sha256(metainfo.infoBytes)));
  assert.deepEqual(metainfo.files[0]?.piecesRoot, ROOT);
});

test('a hybrid torrent without piece layers came from peers, one with some of them is damaged', () => {
  const tree = hybrid({ 'a.bin': leaf(40_000) });
  assert.equal(refusal(torrent(tree)), 'accepted');
  for (const layers of [new Map(), 'x']) {
    assert.equal(refusal(torrent(tree, { 'piece layers': layers })), 'ERR_METAINFO_PIECE_LAYERS');
  }
});

test('a hybrid torrent whose halves disagree is refused', () => {
  const both = (v1: Fields[], tree: Fields): string => refusal(torrent({ ...files(...v1), ...hybrid(tree) }, LAYERS));
  const a = { path: ['a'], length: 1000 };
  const pad = { path: ['.pad'], length: 15_384, attr: 'p' };
  const b = { path: ['b'], length: 23_616 };
  const tree = { a: leaf(1000), b: leaf(23_616) };
  const layers = { 'piece layers': new Map([[String.fromCharCode(...ROOT), new Uint8Array(64)]]) };
  assert.equal(refusal(torrent({ ...files(a, pad, b), ...hybrid(tree) }, layers)), 'accepted');
  assert.equal(refusal(torrent({ ...files(a, b, pad), ...hybrid(tree) }, layers)), 'ERR_METAINFO_INCONSISTENT');
  assert.equal(both([{ path: ['a'], length: 40_000 }], { a: leaf(39_999) }), 'ERR_METAINFO_INCONSISTENT');
  assert.equal(both([{ path: ['a'], length: 40_000 }], { b: leaf(40_000) }), 'ERR_METAINFO_INCONSISTENT');
  assert.equal(both([{ path: ['a'], length: 40_000 }], { a: leaf(40_000), b: leaf(0) }), 'ERR_METAINFO_INCONSISTENT');
});

test('a broken v2 side is refused, a sound one without v1 is said to be unsupported', () => {
  const v2: Fields = { length: undefined, pieces: undefined };
  const only = (tree: Fields, info: Fields = {}): string => refusal(torrent({ ...hybrid(tree, info), ...v2 }, LAYERS));
  assert.equal(only({ 'a.bin': leaf(40_000) }), 'ERR_METAINFO_V2_ONLY');
  assert.equal(only({ 'a.bin': leaf(40_000, undefined) }), 'ERR_METAINFO_V2_ONLY');
  assert.equal(only({ 'a.bin': leaf(40_000, new Uint8Array(31)) }), 'ERR_METAINFO_PIECES_ROOT');
  assert.equal(only({ 'a.bin': leaf(40_000, new Uint8Array(32)) }), 'ERR_METAINFO_PIECES_ROOT');
  assert.equal(only({ 'a.bin': leaf(-1) }), 'ERR_METAINFO_LENGTH');
  assert.equal(only({ 'a.bin': leaf(0) }), 'ERR_METAINFO_EMPTY');
  assert.equal(only({}), 'ERR_METAINFO_EMPTY');
  assert.equal(only({ 'a.bin': {} }), 'ERR_METAINFO_FILE_TREE');
  assert.equal(only({ 'a.bin': 1 }), 'ERR_METAINFO_FILE_TREE');
  assert.equal(only({ '': leaf(40_000) }), 'ERR_METAINFO_FILE_TREE');
  assert.equal(only({ 'a.bin': { ...leaf(40_000), b: leaf(1) } }), 'ERR_METAINFO_FILE_TREE');
  assert.equal(only({ 'a.bin': leaf(16384 * 4) }), 'ERR_METAINFO_PIECE_LAYERS');
  assert.equal(only({ 'a.bin': leaf(40_000) }, { 'piece length': 8192 }), 'ERR_METAINFO_PIECE_LENGTH');
  assert.equal(only({ 'a.bin': leaf(40_000) }, { 'piece length': 16384 * 3 }), 'ERR_METAINFO_PIECE_LENGTH');
  const unsorted = fromLatin1('d4:infod12:piece lengthi16384e12:meta versioni2eee');
  assert.equal(refusal(unsorted), 'ERR_BENCODE_CANONICAL');
});

test('an info dictionary that came from peers is read without its torrent file', () => {
  const { tiers, webSeeds, httpSeeds, ...expected } = parseMetainfo(torrent(), ports);
  assert.deepEqual([tiers, webSeeds, httpSeeds], [[], [], []]);
  assert.deepEqual(parseTorrentInfo(expected.infoBytes, ports), expected);
  const hybridInfo = encodeBencode({ ...SINGLE, ...hybrid({ 'a.bin': leaf(40_000) }) });
  assert.equal(parseTorrentInfo(hybridInfo, ports).metaVersion, 2, 'piece layers come apart from it');
  const code = { code: 'ERR_METAINFO_INFO' };
  assert.throws(() => parseTorrentInfo(fromLatin1('le'), ports), code);
  assert.throws(() => parseTorrentInfo(concatBytes([expected.infoBytes, fromLatin1('x')]), ports), code);
});

test('a torrent file made around an info dictionary says the same', () => {
  const metainfo = parseMetainfo(RICH, ports);
  assert.deepEqual(parseMetainfo(encodeTorrentFile(metainfo), ports), metainfo);
  const bare = parseMetainfo(torrent(), ports);
  assert.deepEqual(parseMetainfo(encodeTorrentFile(bare), ports), bare);
});

/** A hybrid torrent with everything in it, for mutation. */
const RICH = torrent(
  {
    ...files({ path: ['a'], length: 40_000 }, { path: ['l'], length: 0, attr: 'l', 'symlink path': ['a'] }),
    ...hybrid({ a: leaf(40_000), l: leaf(0) }),
    private: 1,
    source: fromLatin1('\xe9'),
  },
  { ...LAYERS, 'announce-list': [['http://a/']], nodes: [['h', 1]], 'url-list': ['http://w/'], encoding: 'gb18030' },
);

test('a damaged torrent file is read or refused with InputError', () => {
  assert.equal(refusal(RICH), 'accepted');
  const edits = fc.array(
    fc.tuple(fc.nat(RICH.length - 1), fc.oneof(fc.nat(255), fc.constantFrom(...fromLatin1('ilde019:-')))),
    {
      minLength: 1,
      maxLength: 4,
    },
  );
  fc.assert(
    fc.property(edits, fc.nat(RICH.length), (changes, cut) => {
      const bytes = RICH.slice(0, cut < RICH.length / 4 ? RICH.length - cut : RICH.length);
      for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
      assert.match(refusal(bytes), /^(accepted|ERR_(BENCODE|METAINFO)_[A-Z0-9_]+)$/);
    }),
    { numRuns: 2000 },
  );
});
