// The floor: what this machine needs for the three things that no client can avoid, each alone on one core. Measured in
// the same run as the clients, by the means that Node offers.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { chooseSha1, type Sha1 } from '#src/host/disk/sha1.ts';
import { BY_SHA_INSTRUCTIONS, loadLanes, Sha1Lanes } from '#src/host/disk/sha1-lanes.ts';
import { repository } from './repository.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const BUFFERS = 16;
const READ_BYTES = 256 * 1024;
const NUMBERS: Readonly<Record<number, string>> = {
  1: 'one piece at a time',
  3: 'three abreast',
  16: 'sixteen abreast',
};

export interface FloorFigure {
  readonly what: string;
  readonly mibPerSecond: number;
  readonly cpuSecondsPerGib: number;
  /** Stands beside a faster way to the same end, and is not summed up. */
  readonly beside?: boolean;
}

interface Stopwatch {
  stop(what: string, bytes: number): FloorFigure;
}

function stopwatch(): Stopwatch {
  const startedAtMs = performance.now();
  const before = process.cpuUsage();
  return {
    stop: (what, bytes) => {
      const seconds = (performance.now() - startedAtMs) / 1000;
      const { user, system } = process.cpuUsage(before);
      return { what, mibPerSecond: bytes / MIB / seconds, cpuSecondsPerGib: (user + system) / 1e6 / (bytes / GIB) };
    },
  };
}

/** Receives from another process over loopback, each read into one of a few buffers that are used again and again. */
async function receive(bytes: number): Promise<FloorFigure> {
  const program = path.join(repository, 'build', 'bench', 'programs', 'floor-send.js');
  const sender: ChildProcess = spawn(process.execPath, [program, String(bytes)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve) => {
    createInterface({ input: sender.stdout! }).once('line', (line) => resolve(Number(line)));
  });
  const buffers = Array.from({ length: BUFFERS }, () => new Uint8Array(READ_BYTES).fill(1));
  let next = 0;
  let got = 0;
  const clock = stopwatch();
  await new Promise<void>((resolve, reject) => {
    const onread = {
      buffer: () => buffers[next++ % BUFFERS]!,
      callback: (count: number) => {
        got += count;
        return true;
      },
    };
    net.connect({ port, host: '127.0.0.1', onread }).on('close', resolve).on('error', reject);
  });
  if (got !== bytes) throw new Error(`floor: received ${got} of ${bytes} bytes`);
  return clock.stop('receive', bytes);
}

function hash(sha1: Sha1, bytes: number): FloorFigure {
  const { abreast } = sha1;
  const pieces = Array.from({ length: abreast }, () => new Uint8Array(new SharedArrayBuffer(MIB)).fill(1));
  const streams = pieces.map(() => sha1.stream());
  const clock = stopwatch();
  let done = 0;
  while (done < bytes) {
    for (const [at, piece] of pieces.entries()) sha1.add(streams[at]!, [piece], true);
    sha1.run();
    done += abreast * MIB;
  }
  return clock.stop(`SHA-1, ${NUMBERS[abreast] ?? abreast}`, done);
}

/** By each of the ways that there are here, the fastest last; the others stand beside it. */
function hashes(bytes: number): FloorFigure[] {
  const lanes = loadLanes();
  const ways: Sha1[] = [chooseSha1('node')];
  if (lanes !== undefined && (lanes.kernels & BY_SHA_INSTRUCTIONS) !== 0) {
    ways.push(new Sha1Lanes(lanes, BY_SHA_INSTRUCTIONS));
  }
  if (lanes !== undefined && lanes.kernels !== BY_SHA_INSTRUCTIONS) ways.push(new Sha1Lanes(lanes));
  return ways.map((way, index) => ({ ...hash(way, bytes), beside: index < ways.length - 1 }));
}

function write(bytes: number, folder: string): FloorFigure {
  const piece = new Uint8Array(new SharedArrayBuffer(MIB)).fill(1);
  const file = path.join(folder, 'floor.bin');
  const clock = stopwatch();
  const fd = openSync(file, 'w');
  for (let done = 0; done < bytes; done += MIB) writeSync(fd, piece);
  closeSync(fd);
  const figure = clock.stop('write', bytes);
  rmSync(file);
  return figure;
}

/** Receives, hashes and writes `bytes` bytes (a multiple of 1 MiB), each apart from the others. */
export async function floor(bytes: number, folder: string): Promise<FloorFigure[]> {
  return [await receive(bytes), ...hashes(bytes), write(bytes, folder)];
}
