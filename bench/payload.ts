// What is downloaded: one file of incompressible bytes on tmpfs, and a .torrent of it for each piece length.
// Encoded by hand, so that the benchmark depends on nothing that it measures.
import { spawnSync } from 'node:child_process';
import { createCipheriv, createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { repository } from './repository.ts';
import { pattern } from './study/study-torrent.ts';

const CHUNK_BYTES = 1 << 20;
const FILE_NAME = 'payload.bin';

/** The payload on disk. */
export interface Payload {
  readonly directory: string;
  readonly file: string;
  readonly bytes: number;
}

/** Writes the study's one piece of noise again and again: what programs/light-seeder.ts has. */
export function makeRepeatedPayload(root: string, bytes: number, pieceBytes: number): Payload {
  const directory = path.join(root, 'repeated');
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, FILE_NAME);
  const piece = pattern(pieceBytes);
  const fd = openSync(file, 'w');
  for (let left = bytes; left > 0; left -= piece.length) writeSync(fd, piece, 0, Math.min(piece.length, left));
  closeSync(fd);
  return { directory, file, bytes };
}

/** Writes `bytes` bytes below `root`: AES-CTR over zeros, the same bytes in every run. */
export function makePayload(root: string, bytes: number): Payload {
  const directory = path.join(root, 'payload');
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, FILE_NAME);
  const cipher = createCipheriv('aes-128-ctr', new Uint8Array(16).fill(7), new Uint8Array(16));
  const zeros = new Uint8Array(CHUNK_BYTES);
  const fd = openSync(file, 'w');
  for (let left = bytes; left > 0; left -= CHUNK_BYTES) {
    writeSync(fd, cipher.update(zeros.subarray(0, Math.min(CHUNK_BYTES, left))));
  }
  closeSync(fd);
  return { directory, file, bytes };
}

/**
 * Writes and frees pages of the tmpfs: a virtual machine's host takes back what was idle, and a page's first touch then costs
 * ten times its write. Whoever ran first would pay for it.
 */
export function touchPages(root: string, bytes: number): void {
  const file = path.join(root, 'touched');
  const chunk = new Uint8Array(CHUNK_BYTES);
  const fd = openSync(file, 'w');
  for (let left = bytes; left > 0; left -= CHUNK_BYTES) writeSync(fd, chunk);
  closeSync(fd);
  rmSync(file);
}

/** Writes a .torrent (BEP 3) of the payload and returns its path. */
export function makeTorrent(payload: Payload, pieceBytes: number, announce: string): string {
  const hashes: Buffer[] = [];
  const piece = new Uint8Array(pieceBytes);
  const fd = openSync(payload.file, 'r');
  for (let offset = 0; offset < payload.bytes; offset += pieceBytes) {
    const length = Math.min(pieceBytes, payload.bytes - offset);
    for (let got = 0; got < length; ) got += readSync(fd, piece, got, length - got, offset + got);
    hashes.push(createHash('sha1').update(piece.subarray(0, length)).digest());
  }
  closeSync(fd);
  const head = `d8:announce${announce.length}:${announce}4:infod6:lengthi${payload.bytes}e4:name${FILE_NAME.length}:${FILE_NAME}`;
  const pieces = `12:piece lengthi${pieceBytes}e6:pieces${hashes.length * 20}:`;
  const torrent = path.join(
    path.dirname(payload.directory),
    `${path.basename(payload.directory)}-${pieceBytes}.torrent`,
  );
  writeFileSync(torrent, Buffer.concat([Buffer.from(head + pieces), ...hashes, Buffer.from('ee')]));
  return torrent;
}

/** The info hash of a .torrent, in hex. */
export function infoHashOf(torrent: string): string {
  const program = path.join(repository, 'dist', 'bin', 'millrace.js');
  const { stdout } = spawnSync(process.execPath, [program, 'info', torrent, '--json'], { encoding: 'utf8' });
  const found = /"infoHash":"([0-9a-f]{40})"/.exec(stdout)?.[1];
  if (found === undefined) throw new Error(`${torrent} has no info hash`);
  return found;
}
