// `npm run bench -- many`: what torrents cost that nobody asks for. Small torrents that are complete on disk, with their
// resume data, are added to one Client: start, heap, idle CPU and end are measured in a process of its own.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { printedLine } from './clients/printed-line.ts';
import type { IdleFigures } from './programs/many-torrents.ts';
import { repository } from './repository.ts';
import { startTracker } from './tracker.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
/** 512 pieces over three files: the bookkeeping of a film, in holes that no disk has to hold. */
const PIECES = 512;
const PIECE_BYTES = 256 * KIB;
const FILES = ['film.mkv', 'extras/making-of.mkv', 'extras/cover.png'];

/** The figures of two runs: few torrents, whose memory and idle time count, and many, whose start does. */
const IDLE_TORRENTS = 1000;
const START_TORRENTS = 10_000;
const IDLE_SECONDS = 10;

function bencoded(text: string): string {
  return `${Buffer.byteLength(text)}:${text}`;
}

/** Files of zeros that take no room, and a torrent of them; each has a name, so an info hash, of its own. */
function makeTorrent(root: string, index: number, announce: string, hashes: Buffer): void {
  const name = `torrent-${String(index).padStart(5, '0')}`;
  const lengths = [PIECES * PIECE_BYTES - 40 * MIB - 1000, 40 * MIB, 1000];
  mkdirSync(path.join(root, 'data', name, 'extras'), { recursive: true });
  let files = '';
  for (const [at, file] of FILES.entries()) {
    const fd = openSync(path.join(root, 'data', name, file), 'w');
    ftruncateSync(fd, lengths[at]!);
    closeSync(fd);
    files += `d6:lengthi${lengths[at]}e4:pathl${file.split('/').map(bencoded).join('')}ee`;
  }
  const head = `d8:announce${bencoded(announce)}4:infod5:filesl${files}e4:name${bencoded(name)}`;
  const pieces = `12:piece lengthi${PIECE_BYTES}e6:pieces${hashes.length}:`;
  const bytes = Buffer.concat([Buffer.from(head + pieces), hashes, Buffer.from('ee')]);
  writeFileSync(path.join(root, 'torrents', `${name}.torrent`), bytes);
}

async function run(root: string, count: number, seconds: number): Promise<IdleFigures> {
  const program = path.join(repository, 'build', 'bench', 'programs', 'many-torrents.js');
  const child = spawn(process.execPath, ['--expose-gc', program, root, String(count), String(seconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, MILLRACE_DATA_DIR: path.join(root, 'kept') },
  });
  return await printedLine(child, (line) => JSON.parse(line) as IdleFigures);
}

function tell(title: string, figures: IdleFigures): void {
  const { count } = figures;
  const each = (bytes: number): string => (bytes / count / KIB).toFixed(1);
  console.log(`${title}
  started in       ${figures.startSeconds.toFixed(2)} s (${figures.startCpuSeconds.toFixed(2)} s of CPU), closed in ${figures.closeSeconds.toFixed(2)} s
  heap             ${each(figures.heapBytes)} KiB each, and ${each(figures.externalBytes)} KiB of buffers outside of it (of which metainfo ${each(figures.metainfoBytes)} KiB)
  RSS              ${(figures.rssBytes / MIB).toFixed(0)} MiB, ${each(figures.rssBytes)} KiB each`);
  if (figures.idleShare > 0) console.log(`  idle CPU         ${(figures.idleShare * 100).toFixed(2)} % of a core`);
}

/** Runs both, prints figures and bars, and returns whether every bar is kept. */
export async function benchMany(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      folder: { type: 'string', default: '/dev/shm' },
      idle: { type: 'string', default: String(IDLE_TORRENTS) },
      start: { type: 'string', default: String(START_TORRENTS) },
      seconds: { type: 'string', default: String(IDLE_SECONDS) },
    },
  });
  const [idleCount, startCount, seconds] = [Number(values.idle), Number(values.start), Number(values.seconds)];
  const root = mkdtempSync(path.join(values.folder, 'millrace-many-'));
  process.once('exit', () => rmSync(root, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  for (const folder of ['torrents', 'data']) mkdirSync(path.join(root, folder));
  const tracker = await startTracker();
  const zeros = createHash('sha1').update(new Uint8Array(PIECE_BYTES)).digest();
  const hashes = Buffer.concat(Array.from({ length: PIECES }, () => zeros));
  for (let index = 0; index < Math.max(idleCount, startCount); index++) makeTorrent(root, index, tracker.url, hashes);
  try {
    // The first run takes the files on trust, and leaves the resume data behind that the others begin with.
    await run(root, Math.max(idleCount, startCount), 0);
    const idle = await run(root, idleCount, seconds);
    tell(`${idle.count} idle torrents`, idle);
    // Without waiting for trackers: at a hundred a second they alone would take two minutes.
    const start = await run(root, startCount, 0);
    tell(`${start.count} torrents`, start);
    const heapKib = idle.heapBytes / idle.count / KIB;
    const bars: readonly (readonly [string, number, number])[] = [
      [`heap of an idle torrent, of ${idle.count}, KiB`, heapKib, 40],
      [`idle CPU of ${idle.count} torrents, % of a core`, idle.idleShare * 100, 2],
      [`start of ${start.count} torrents with resume data, s`, start.startSeconds, 10],
    ];
    for (const [promise, measured, bound] of bars) {
      console.log(`${measured <= bound ? 'kept  ' : 'MISSED'} ${promise} ≤ ${bound}: ${measured.toFixed(2)}`);
    }
    return bars.every(([, measured, bound]) => measured <= bound);
  } finally {
    tracker.close();
  }
}
