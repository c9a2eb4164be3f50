// The floor: what this machine needs for the three things that no client can avoid, each alone on one core. Measured in
// the same run as the clients, by the means that Node offers.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { repository } from './repository.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const BUFFERS = 16;
const READ_BYTES = 256 * 1024;

export interface FloorFigure {
  readonly what: string;
  readonly mibPerSecond: number;
  readonly cpuSecondsPerGib: number;
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

function hash(bytes: number): FloorFigure {
  const piece = new Uint8Array(new SharedArrayBuffer(MIB)).fill(1);
  const clock = stopwatch();
  for (let done = 0; done < bytes; done += MIB) createHash('sha1').update(piece).digest();
  return clock.stop('SHA-1', bytes);
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
  return [await receive(bytes), hash(bytes), write(bytes, folder)];
}
