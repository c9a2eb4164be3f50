import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TorrentProgress } from '../library.ts';
import { displayWidth } from './display-width.ts';
import { type OverviewStyle, overviewFrame } from './overview-frame.ts';
import { paletteFor } from './palette.ts';
import type { Transfer, TransferTotals } from './reporter.ts';

const MIB = 1024 * 1024;
const STYLE: OverviewStyle = {
  columns: 80,
  rows: 24,
  palette: paletteFor({ isTerminal: false, env: {} }),
  unicode: true,
};
const TOTALS: TransferTotals = {
  torrents: 4,
  done: 1,
  failed: 0,
  bytesDone: 50 * MIB,
  bytesWanted: 200 * MIB,
  downloadBytesPerSecond: 10 * MIB,
  uploadBytesPerSecond: 0,
};
const NOW: TorrentProgress = {
  state: 'downloading',
  bytesDone: 25 * MIB,
  bytesWanted: 100 * MIB,
  piecesDone: 25,
  piecesWanted: 100,
  downloadBytesPerSecond: 10 * MIB,
  uploadBytesPerSecond: 0,
  uploadedBytes: 0,
  ratio: 0,
  peersFrom: {},
  peers: 2,
  seeds: 1,
  utpPeers: 0,
  partialSeeds: 0,
  webSeeds: 0,
  etaSeconds: 8,
};

function transfer(name: string, now: Partial<TorrentProgress> = {}): Transfer {
  return { infoHash: name, name, progress: { ...NOW, ...now } };
}

test('each torrent has a line with what it does, and all of them a bar below', () => {
  const stall = {
    code: 'all-choked',
    message: 'waiting for 12 peers to let us download, which they may do soon',
  } as const;
  const search = { infoHash: 'ab', peers: 1, sources: 1, share: 0.5 };
  const frame = overviewFrame(
    [
      transfer('a film'),
      transfer('a name that is much longer than its column', { stall }),
      transfer('checked', { state: 'checking', checked: 0.5 }),
      transfer('seeded', { state: 'seeding', uploadBytesPerSecond: MIB, ratio: 1.5 }),
      { infoHash: 'ab', name: 'sought', search },
      { infoHash: 'cd', name: 'new\u001b[2J' },
    ],
    TOTALS,
    STYLE,
  );
  assert.deepEqual(frame.split('\n'), [
    '  a film                            25.0 %  10.0 MiB/s, 8.0 s left, 2 peers',
    '  a name that is much …its column   25.0 %  waiting for 12 peers to let us…',
    '  checked                           50.0 %  checking what is on disk',
    '  seeded                            25.0 %  seeding 1.00 MiB/s, ratio 1.50',
    '  sought                            50.0 %  metadata from 1 peer',
    '  new\ufffd[2J                                   starting',
    `  ${'━'.repeat(17)}${'─'.repeat(53)}  25.0 %`,
    '  50.0 MiB of 200 MiB · 10.0 MiB/s · 15 s left · 1 of 4 torrents done',
  ]);
});

test('where there is not room for all, the busiest are shown', () => {
  const many = Array.from({ length: 50 }, (_, at) => transfer(`t${at}`, { downloadBytesPerSecond: at }));
  const lines = overviewFrame(many, { ...TOTALS, failed: 2 }, { ...STYLE, rows: 10 }).split('\n');
  assert.equal(lines.length, 8);
  assert.match(lines[0]!, /^ {2}t49 /);
  assert.equal(lines[5], '  and 45 torrents more');
  assert.match(lines[7]!, /1 of 4 torrents done · 2 failed$/);
});

test('no line is ever wider than the terminal, nor are there more lines than it has', () => {
  const one = fc.record({
    name: fc.string({ unit: 'grapheme', maxLength: 80 }),
    state: fc.constantFrom('opening', 'checking', 'downloading', 'seeding', 'paused'),
    stall: fc.option(fc.record({ code: fc.constant('no-peers' as const), message: fc.string({ maxLength: 200 }) })),
    rate: fc.nat(2 ** 31),
  });
  const style = { columns: fc.integer({ min: 12, max: 200 }), rows: fc.integer({ min: 6, max: 40 }) };
  fc.assert(
    fc.property(fc.array(one, { maxLength: 50 }), style.columns, style.rows, (all, columns, rows) => {
      const transfers = all.map(({ name, state, stall, rate }, at) => ({
        ...transfer(name.replaceAll('\n', ''), {
          state,
          downloadBytesPerSecond: rate,
          ...(stall && { stall }),
        } as Partial<TorrentProgress>),
        infoHash: String(at),
      }));
      const lines = overviewFrame(transfers, TOTALS, { ...STYLE, columns, rows }).split('\n');
      for (const line of lines) assert.ok(displayWidth(line) <= columns, `${line} in ${columns}`);
      assert.ok(lines.length < rows);
    }),
  );
});
