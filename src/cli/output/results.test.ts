import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Metainfo } from '../library.ts';
import { createResult } from './create-result.ts';
import { type Download, downloadResult } from './download-result.ts';
import { infoResult } from './info-result.ts';
import { paletteFor } from './palette.ts';
import { completeResult, fileLines, incompleteFailure } from './verification-result.ts';

const MIB = 1024 * 1024;
const PALETTE = paletteFor({ isTerminal: false, env: {} });

const METAINFO = {
  infoHash: '0123456789abcdef0123456789abcdef01234567',
  name: 'a film',
  pieceBytes: MIB,
  pieceCount: 3,
  totalBytes: 3 * MIB,
  files: [
    { path: 'a film/film.mkv', length: 2 * MIB, pad: false },
    { path: 'a film/.pad/5', length: 1000, pad: true },
    { path: 'a film/texts/deep/read\u001bme.txt', length: MIB - 1000, pad: false },
  ],
  private: true,
  tiers: [['http://t.example/a?b=c', 'udp://u.example:1'], ['https://v.example/']],
  webSeeds: ['http://w.example/'],
  comment: 'fine\nprint',
  createdBy: 'maker 1.0',
  creationDateSeconds: 1_700_000_000,
} as unknown as Metainfo;

const DOWNLOAD: Download = {
  infoHash: METAINFO.infoHash,
  name: METAINFO.name,
  place: '/films/a film',
  bytes: 100 * MIB,
  downloadedBytes: 100 * MIB,
  uploadedBytes: 0,
  fileCount: 2,
  cost: { seconds: 2, cpuSeconds: 0.2, peakRssBytes: 99 * MIB },
  dataPath: {
    placedBytes: 99 * MIB,
    copiedBytes: MIB,
    wastedBytes: 16_384,
    readBackBytes: 0,
    reads: 6400,
    sealedBytes: 0,
  },
};

test('a download ends with its rate, its cost and what was copied', () => {
  const text = downloadResult(DOWNLOAD).render(PALETTE).join('\n');
  assert.match(text, /^done {2}a film\n/);
  assert.match(text, /100 MiB in 2 files, every piece verified/);
  assert.match(text, /rate +50\.0 MiB\/s/);
  assert.match(text, /CPU +2\.05 s per GiB/);
  assert.match(text, /memory +99\.0 MiB at its peak/);
  assert.match(text, /copied +1\.00 MiB of 100 MiB \(1\.0 %\), wasted 16\.0 KiB, read back 0 B/);
  assert.match(text, /files +\/films\/a film/);
});

test('programs get the fields of the contract', () => {
  const { dataPath, ...fields } = downloadResult(DOWNLOAD).fields;
  assert.deepEqual(dataPath, DOWNLOAD.dataPath);
  assert.deepEqual(fields, {
    infoHash: METAINFO.infoHash,
    name: 'a film',
    bytes: 100 * MIB,
    downloadedBytes: 100 * MIB,
    uploadedBytes: 0,
    seconds: 2,
    peakRssBytes: 99 * MIB,
    cpuSeconds: 0.2,
    path: '/films/a film',
  });
});

test('the rate of a continued download counts what came in this run only', () => {
  const text = downloadResult({ ...DOWNLOAD, downloadedBytes: 50 * MIB })
    .render(PALETTE)
    .join('\n');
  assert.match(text, /already here +50\.0 MiB/);
  assert.match(text, /rate +25\.0 MiB\/s/);
});

test('nothing to download means no rate and no cost per GiB', () => {
  const text = downloadResult({ ...DOWNLOAD, downloadedBytes: 0 })
    .render(PALETTE)
    .join('\n');
  assert.match(text, /already here +100 MiB/);
  assert.doesNotMatch(text, /rate|per GiB|copied|Infinity|NaN/);
});

test('a profile is a table with aligned columns and a sentence', () => {
  const profile = {
    stages: [
      { name: 'hash', calls: 100, ms: 50, bytes: 100 * MIB },
      { name: 'decode', calls: 6400, ms: 3.2, bytes: 0 },
    ],
    gauges: [{ name: 'loop delay p99', value: 2.5, unit: 'ms' }],
    bottleneck: 'Hashing is the bottleneck.',
  };
  const lines = downloadResult({ ...DOWNLOAD, profile })
    .render(PALETTE)
    .slice(-5);
  assert.deepEqual(lines, [
    '  stage   calls    ms  µs/call    bytes     bytes/s',
    '  hash      100  50.0    500.0  100 MiB  1.95 GiB/s',
    '  decode  6,400   3.2      0.5',
    '  loop delay p99: 2.50 ms',
    '  Hashing is the bottleneck.',
  ]);
});

test('info shows the torrent and numbers its files as --select wants them', () => {
  assert.deepEqual(infoResult(METAINFO).render(PALETTE), [
    'a film',
    '  info hash  0123456789abcdef0123456789abcdef01234567',
    '  size       3.00 MiB (3,145,728 bytes)',
    '  pieces     3 × 1 MiB',
    '  private    peers come from its trackers only',
    '  trackers   http://t.example/a?b=c',
    '             udp://u.example:1',
    '             https://v.example/ (tier 2)',
    '  web seeds  http://w.example/',
    '  comment    fine\ufffdprint',
    '  created    2023-11-14 22:13 UTC by maker 1.0',
    '  files      2 files',
    '                 a film/',
    '                   texts/',
    '                     deep/',
    '    2  1.00 MiB        read\ufffdme.txt',
    '    0  2.00 MiB    film.mkv',
  ]);
});

test('info for programs keeps every file, filler too, under its own number', () => {
  const { files, tiers } = infoResult(METAINFO).fields as { files: { index: number; pad: boolean }[]; tiers: unknown };
  assert.deepEqual(
    files.map(({ index, pad }) => [index, pad]),
    [
      [0, false],
      [1, true],
      [2, false],
    ],
  );
  assert.deepEqual(tiers, METAINFO.tiers);
});

test('an absurd creation date is left out', () => {
  const lines = infoResult({ ...METAINFO, creationDateSeconds: 1e300, createdBy: '' }).render(PALETTE);
  assert.ok(!lines.some((line) => line.includes('created')));
});

test('a created torrent tells its hash and its magnet link', () => {
  const text = createResult({ metainfo: METAINFO, seconds: 0.5, file: '/x/a film.torrent' }).render(PALETTE).join('\n');
  assert.match(text, /info hash +0123456789abcdef/);
  assert.match(text, /magnet:\?xt=urn:btih:0123/);
  assert.match(text, /\/x\/a film\.torrent/);
});

test('a verification lists each file; of many, only those that are not complete', () => {
  const file = (index: number, bytesOk: number) => ({ path: `f${index}`, length: 10, bytesOk });
  const few = {
    piecesOk: 1,
    pieceCount: 2,
    files: [file(0, 10), file(1, 5), { path: 'empty', length: 0, bytesOk: 0 }],
  };
  assert.deepEqual(fileLines(few, PALETTE), [
    '      ok      10 B  f0',
    '  50.0 %      10 B  f1',
    '      ok       0 B  empty',
  ]);
  const many = { ...few, files: Array.from({ length: 2000 }, (_, i) => file(i, i === 7 ? 0 : 10)) };
  assert.deepEqual(fileLines(many, PALETTE), ['   0.0 %      10 B  f7', '      ok  1,999 files more']);
});

test('complete files are a result, others a failure with exit status 1', () => {
  const complete = { piecesOk: 3, pieceCount: 3, files: [] };
  assert.match(
    completeResult(METAINFO, complete, 1).render(PALETTE).join('\n'),
    /complete {2}a film: 3\.00 MiB, all 3 pieces/,
  );
  const failure = incompleteFailure({ ...complete, piecesOk: 1 }, 'try again');
  assert.equal(failure.exitCode, 1);
  assert.equal(failure.message, 'the files are not complete: 1 of 3 pieces match; try again');
  assert.deepEqual(failure.fields, { complete: false, piecesOk: 1, pieceCount: 3, files: [] });
});
