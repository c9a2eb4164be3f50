import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import type { TorrentProgress } from '../library.ts';
import { JsonReporter } from './json-reporter.ts';
import { LineReporter } from './line-reporter.ts';
import { paletteFor } from './palette.ts';
import type { Failure, Result, Subject } from './reporter.ts';
import { TerminalReporter } from './terminal-reporter.ts';

const MIB = 1024 * 1024;
const PALETTE = paletteFor({ isTerminal: false, env: {} });
const SUBJECT: Subject = {
  infoHash: 'ab',
  name: 'a \u001b[31mfilm',
  totalBytes: 100 * MIB,
  fileCount: 2,
  pieceCount: 100,
  pieceBytes: MIB,
  directory: '/films',
};
const RESULT: Result = { fields: { infoHash: 'ab', bytes: 1 }, render: () => ['done  a film'] };
const FAILURE: Failure = { code: 'ERR_STORAGE_FULL', message: 'the disk is full', exitCode: 1 };

function progressAt(percent: number, more: Partial<TorrentProgress> = {}): TorrentProgress {
  return {
    state: 'downloading',
    bytesDone: percent * MIB,
    bytesWanted: 100 * MIB,
    piecesDone: percent,
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
    ...more,
  };
}

function lineReporter() {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const problems: string[] = [];
  const sinks = { out: (line: string) => lines.push(line), problem: (line: string) => problems.push(line) };
  return { clock, lines, problems, reporter: new LineReporter({ ...sinks, palette: PALETTE, clock }) };
}

function terminalReporter() {
  const clock = new VirtualClock();
  const problems: string[] = [];
  const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true, columns: 80, rows: 24 });
  const problem = (line: string) => void problems.push(line);
  const reporter = new TerminalReporter({ stream, problem, palette: PALETTE, unicode: true, clock });
  return { clock, problems, reporter, drawn: () => (stream.read() as string | null) ?? '' };
}

test('JSON: each event is one object on a line, and the last one ends it', () => {
  let text = '';
  const reporter = new JsonReporter((chunk) => {
    text += chunk;
  });
  reporter.listening({ host: '::1', port: 6881 });
  reporter.begin(SUBJECT);
  reporter.progress(progressAt(50));
  reporter.tally({ activity: 'hashing', subject: 'x', bytesDone: 1, bytesWanted: 2, bytesPerSecond: 3 });
  reporter.warning({ code: 'ERR_TRACKER', message: 'line\nbreak' });
  reporter.notice();
  reporter.findings();
  reporter.done(RESULT);
  reporter.progress(progressAt(60));
  reporter.failed(FAILURE);
  const events = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    events.map(({ event }) => event),
    ['listening', 'progress', 'progress', 'warning', 'done'],
  );
  assert.deepEqual(events[0], { event: 'listening', address: '[::1]:6881', host: '::1', port: 6881 });
  assert.equal(events[1].infoHash, 'ab');
  assert.equal(events[1].bytesDone, 50 * MIB);
  assert.deepEqual(events[3], { event: 'warning', code: 'ERR_TRACKER', message: 'line\nbreak' });
  assert.deepEqual(events[4], { event: 'done', infoHash: 'ab', bytes: 1 });
});

test('JSON: a failure has its code, its message and its details', () => {
  let text = '';
  const reporter = new JsonReporter((chunk) => {
    text += chunk;
  });
  reporter.failed({ ...FAILURE, fields: { piecesOk: 3 } });
  const expected = { event: 'error', code: 'ERR_STORAGE_FULL', message: 'the disk is full', piecesOk: 3 };
  assert.deepEqual(JSON.parse(text), expected);
});

test('lines: one at the start, one every ten percent, one at the end', () => {
  const { reporter, lines } = lineReporter();
  reporter.begin(SUBJECT);
  for (let percent = 0; percent <= 99; percent++) reporter.progress(progressAt(percent));
  reporter.progress(progressAt(100, { state: 'seeding' }));
  reporter.done(RESULT);
  assert.equal(lines[0], 'a \ufffd[31mfilm: 100 MiB, 2 files, 100 × 1 MiB pieces, in /films');
  assert.equal(lines[1], '10.0 %, 10.0 MiB/s, 2 peers');
  assert.equal(lines[10], '100.0 %');
  assert.equal(lines[11], 'done  a film');
  assert.equal(lines.length, 12);
});

test('lines: a slow download is heard of every five seconds, later every thirty', () => {
  const { reporter, lines, clock } = lineReporter();
  for (let second = 0; second <= 240; second++) {
    reporter.progress(progressAt(1));
    clock.advance(1000);
  }
  assert.equal(lines.length, 11 + 6);
});

test('lines: a stall and its end are told at once', () => {
  const { reporter, lines } = lineReporter();
  reporter.progress(progressAt(1));
  const stall = { code: 'no-peers', message: 'no peers' } as const;
  reporter.progress(progressAt(1, { stall }));
  reporter.progress(progressAt(1, { stall }));
  reporter.progress(progressAt(1, { webSeeds: 1 }));
  assert.deepEqual(lines, ['1.0 %, 10.0 MiB/s, 2 peers, no peers', '1.0 %, 10.0 MiB/s, 2 peers, 1 web seed']);
});

test('lines: problems go apart, without control characters', () => {
  const { reporter, lines, problems } = lineReporter();
  reporter.warning({ code: 'x', message: 'tracker said \u001b[2J' });
  reporter.failed({ ...FAILURE, stack: 'Error: at …' });
  assert.deepEqual(lines, []);
  assert.deepEqual(problems, ['warning: tracker said \ufffd[2J', 'millrace: the disk is full', 'Error: at …']);
});

test('terminal: the frame is drawn once while nothing changes, and a name cannot reach the terminal', () => {
  const { reporter, drawn } = terminalReporter();
  reporter.begin(SUBJECT);
  reporter.progress(progressAt(50));
  const first = drawn();
  assert.match(first, /a \ufffd\[31mfilm/);
  assert.match(first, /50\.0 %/);
  reporter.progress(progressAt(50));
  assert.equal(drawn(), '');
});

test('terminal: a change redraws from the changed line on', () => {
  const { reporter, drawn } = terminalReporter();
  reporter.begin(SUBJECT);
  reporter.progress(progressAt(50));
  drawn();
  reporter.progress(progressAt(60));
  const change = drawn();
  assert.match(change, /60\.0 %/);
  assert.doesNotMatch(change, /film/);
});

test('terminal: what is refused at once leaves no frame, and what takes long to open has one', () => {
  const refused = terminalReporter();
  refused.reporter.begin(SUBJECT);
  refused.reporter.progress(progressAt(0, { state: 'opening' }));
  refused.reporter.progress(progressAt(0, { state: 'error' }));
  refused.reporter.failed(FAILURE);
  assert.equal(refused.drawn(), '');
  const slow = terminalReporter();
  slow.reporter.progress(progressAt(0, { state: 'opening' }));
  slow.reporter.progress(progressAt(0, { state: 'opening' }));
  assert.match(slow.drawn(), /opening files/);
});

test('terminal: the same warning is shown once a minute', () => {
  const { reporter, drawn, clock } = terminalReporter();
  const warning = { code: 'ERR_TRACKER', message: 'refused' };
  reporter.warning(warning);
  reporter.warning(warning);
  assert.equal(drawn().match(/refused/g)?.length, 1);
  clock.advance(60_000);
  reporter.warning(warning);
  assert.match(drawn(), /refused/);
});

test('terminal: the result takes the place of the frame; a failure leaves it standing', () => {
  const ended = terminalReporter();
  ended.reporter.begin(SUBJECT);
  ended.reporter.progress(progressAt(99));
  ended.drawn();
  ended.reporter.done(RESULT);
  const last = ended.drawn();
  assert.ok(last.startsWith('\u001b[?2026h\u001b[2K'), 'the frame is erased');
  assert.ok(last.endsWith('done  a film\n'));

  const failed = terminalReporter();
  failed.reporter.begin(SUBJECT);
  failed.reporter.progress(progressAt(99));
  failed.drawn();
  failed.reporter.failed(FAILURE);
  assert.equal(failed.drawn(), '');
  assert.deepEqual(failed.problems, ['millrace: the disk is full']);
});
