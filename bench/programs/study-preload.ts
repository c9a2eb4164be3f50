// Loaded before everything else, in disk workers too: changes what the study asks for below the product's feet.
import crypto from 'node:crypto';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import type { StudyJob } from '../study/study-job.ts';
import { pattern } from '../study/study-torrent.ts';

/** What the slow disk's cache holds, in time. */
const CACHE_MS = 50;

const job = JSON.parse(process.env['MILLRACE_STUDY_JOB'] ?? '{}') as Partial<StudyJob>;

/** Every piece has the same digest: a worker that is not to hash gives it without looking. */
function hashNothing(pieceBytes: number): void {
  const digest = crypto.createHash('sha1').update(pattern(pieceBytes)).digest();
  crypto.hash = (() => digest) as unknown as typeof crypto.hash;
}

function writeSingly(): void {
  fs.writevSync = (fd, views, position) => {
    let written = 0;
    for (const view of views) {
      const bytes = view as Uint8Array;
      written += fs.writeSync(fd, bytes, 0, bytes.length, (position ?? 0) + written);
    }
    return written;
  };
}

/** Each write takes its time. The disk has a little cache: it works on while nobody writes. */
function slowDown(bytesPerSecond: number): void {
  const { writeSync, writevSync } = fs;
  const nap = new Int32Array(new SharedArrayBuffer(4));
  let freeAtMs = 0;
  const wait = (bytes: number): number => {
    const nowMs = performance.now();
    freeAtMs = Math.max(freeAtMs, nowMs - CACHE_MS) + (bytes / bytesPerSecond) * 1000;
    if (freeAtMs > nowMs) Atomics.wait(nap, 0, 0, freeAtMs - nowMs);
    return bytes;
  };
  fs.writeSync = ((...args: Parameters<typeof writeSync>) => wait(writeSync(...args))) as typeof writeSync;
  fs.writevSync = (...args) => wait(writevSync(...args));
}

if (!isMainThread) {
  if (job.hashing === 'thread' || job.hashing === 'incremental') hashNothing(job.pieceBytes!);
  if (job.singleWrites) writeSingly();
  if (job.diskBytesPerSecond !== undefined) slowDown(job.diskBytesPerSecond);
  syncBuiltinESMExports();
}
