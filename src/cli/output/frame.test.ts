import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import type { TorrentProgress } from '../library.ts';
import { displayWidth } from './display-width.ts';
import { type FrameStyle, tallyFrame, torrentFrame } from './frame.ts';
import { paletteFor } from './palette.ts';

const PLAIN = paletteFor({ isTerminal: false, env: {} });
const COLOURED = paletteFor({ isTerminal: true, env: { TERM: 'xterm' } });
const STYLE: FrameStyle = { columns: 100, palette: PLAIN, unicode: true };
const MIB = 1024 * 1024;

const DOWNLOADING: TorrentProgress = {
  state: 'downloading',
  bytesDone: 256 * MIB,
  bytesWanted: 1024 * MIB,
  piecesDone: 250,
  piecesWanted: 1000,
  downloadBytesPerSecond: 512 * MIB,
  uploadBytesPerSecond: 0,
  uploadedBytes: 0,
  ratio: 0,
  peersFrom: {},
  peers: 12,
  seeds: 1,
  utpPeers: 0,
  partialSeeds: 0,
  webSeeds: 0,
  etaSeconds: 1.5,
};

test('a download shows its name, a bar, and the figures that matter', () => {
  const [name, bar, facts, ...rest] = torrentFrame('a film', DOWNLOADING, STYLE).split('\n');
  assert.equal(name, '  a film');
  assert.equal(bar, `  ${'━'.repeat(18)}${'─'.repeat(54)}  25.0 %`);
  assert.equal(facts, '  256 MiB of 1.00 GiB  ·  512 MiB/s ·  1.5 s left · 12 peers (1 seed) ·   250/1,000 pieces');
  assert.deepEqual(rest, []);
});

test('a stall is told in words instead of a rate', () => {
  const stall = { code: 'all-choked', message: 'all 3 peers are choking us' } as const;
  const frame = torrentFrame('a film', { ...DOWNLOADING, downloadBytesPerSecond: 0, stall }, STYLE);
  assert.match(frame, /all 3 peers are choking us/);
  assert.doesNotMatch(frame, /B\/s/);
});

test('a check shows how far the check is', () => {
  const frame = torrentFrame('a film', { ...DOWNLOADING, state: 'checking', checked: 0.5 }, STYLE);
  assert.match(frame, / 50\.0 %\n {2}checking what is on disk$/);
});

test('seeding shows what goes out', () => {
  const progress: TorrentProgress = {
    ...DOWNLOADING,
    state: 'seeding',
    uploadBytesPerSecond: 3 * MIB,
    uploadedBytes: 5 * MIB,
    ratio: 0,
  };
  assert.match(
    torrentFrame('a film', progress, STYLE),
    /seeding +3\.00 MiB\/s · 5\.00 MiB sent · ratio {2}0\.00 · 12 peers/,
  );
});

test('without Unicode the frame is plain ASCII', () => {
  const frame = torrentFrame('a film', DOWNLOADING, { ...STYLE, unicode: false });
  assert.match(frame, /##+--+ +25\.0 %/);
  assert.doesNotMatch(frame, /[^\n -~]/);
});

test('colours change nothing but colours', () => {
  const frame = torrentFrame('a film', DOWNLOADING, { ...STYLE, palette: COLOURED });
  assert.notEqual(frame, torrentFrame('a film', DOWNLOADING, STYLE));
  assert.equal(stripVTControlCharacters(frame), torrentFrame('a film', DOWNLOADING, STYLE));
});

test('it is said how peers were found, unless the user named them all', () => {
  const wide = { ...STYLE, columns: 200 };
  const frame = torrentFrame('a film', { ...DOWNLOADING, peersFrom: { dht: 3, user: 1, incoming: 2 } }, wide);
  assert.match(frame, /from DHT 3, incoming 2, named 1$/);
  assert.doesNotMatch(torrentFrame('a film', { ...DOWNLOADING, peersFrom: { user: 1 } }, wide), /from/);
});

test('peers over uTP are counted apart', () => {
  const frame = torrentFrame('a film', { ...DOWNLOADING, utpPeers: 3 }, { ...STYLE, columns: 200 });
  assert.match(frame, /12 peers \(1 seed\).* 3 over uTP$/);
});

test('no line is ever wider than the terminal', () => {
  const progress = fc.record({
    state: fc.constantFrom('opening', 'checking', 'downloading', 'seeding', 'paused'),
    bytesDone: fc.nat(2 ** 31),
    bytesWanted: fc.constant(2 ** 31),
    piecesDone: fc.nat(99_999),
    piecesWanted: fc.constant(99_999),
    downloadBytesPerSecond: fc.nat(2 ** 31),
    uploadBytesPerSecond: fc.nat(2 ** 31),
    uploadedBytes: fc.nat(2 ** 31),
    ratio: fc.double({ min: 0, max: 100, noNaN: true }),
    peersFrom: fc.constantFrom({}, { dht: 3, tracker: 150, user: 1 }, { incoming: 2, pex: 40, dht: 9 }),
    peers: fc.nat(200),
    seeds: fc.nat(200),
    utpPeers: fc.nat(20),
    partialSeeds: fc.nat(20),
    webSeeds: fc.nat(20),
    etaSeconds: fc.integer({ min: 1, max: 10 ** 9 }),
    stall: fc.record({ code: fc.constant('no-peers' as const), message: fc.string({ maxLength: 200 }) }),
  });
  fc.assert(
    fc.property(progress, fc.string({ unit: 'grapheme' }), fc.integer({ min: 12, max: 200 }), (now, name, columns) => {
      const frame = torrentFrame(name.replaceAll('\n', ''), now as TorrentProgress, { ...STYLE, columns });
      for (const line of frame.split('\n')) assert.ok(displayWidth(line) <= columns, `${line} in ${columns}`);
    }),
  );
});

test('a job over bytes shows what is done to what, and how fast', () => {
  const tally = { activity: 'hashing', subject: 'film.mkv', bytesDone: MIB, bytesWanted: 2 * MIB, bytesPerSecond: MIB };
  const [title, bar, facts] = tallyFrame(tally, STYLE).split('\n');
  assert.equal(title, '  hashing film.mkv');
  assert.match(bar!, / 50\.0 %$/);
  assert.equal(facts, '  1.00 MiB of 2.00 MiB · 1.00 MiB/s');
});
