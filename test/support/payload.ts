// Deterministic payloads: the same seed makes the same bytes, so a failing case can be made again by hand.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** A file of a payload. Pad files (BEP 47) are zeros that align the next file to a piece. */
export interface PayloadFile {
  readonly path: readonly string[];
  readonly length: number;
  readonly pad: boolean;
}

/** What a torrent is made of. A payload with `single` has one file and no folder of its own. */
export interface Payload {
  readonly name: string;
  readonly single: boolean;
  readonly files: readonly PayloadFile[];
  /** The files' bytes, one after the other, as pieces see them. */
  readonly bytes: Uint8Array;
}

/** A payload of one file. */
export function singleFile(name: string, length: number, seed: number): Payload {
  return assemble(name, true, [file([name], length)], seed);
}

/** A payload of several files; `a/b.bin` lies in a folder. */
export function fileTree(name: string, lengths: Readonly<Record<string, number>>, seed: number): Payload {
  const files = Object.entries(lengths).map(([relative, length]) => file(relative.split('/'), length));
  return assemble(name, false, files, seed);
}

/** Like `fileTree`, with a pad file after each file but the last, so that each file starts a piece (BEP 47). */
export function paddedTree(
  name: string,
  lengths: Readonly<Record<string, number>>,
  pieceBytes: number,
  seed: number,
): Payload {
  const files: PayloadFile[] = [];
  let offset = 0;
  for (const [relative, length] of Object.entries(lengths)) {
    const gap = (pieceBytes - (offset % pieceBytes)) % pieceBytes;
    if (gap > 0) files.push({ path: ['.pad', `${files.length}-${gap}`], length: gap, pad: true });
    files.push(file(relative.split('/'), length));
    offset += gap + length;
  }
  return assemble(name, false, files, seed);
}

/** Stems that trip over careless path code: spaces, dots, quotes, shells' and URLs' letters, composed and decomposed accents. */
const ODD_STEMS: readonly string[] = [
  'plain',
  'with space',
  '.hidden',
  '..two dots',
  'three...dots',
  'ünïcödé',
  'e\u0301 decomposed',
  '日本語のファイル',
  'Привет мир',
  'مرحبا',
  '🎉 emoji 👍🏽',
  "it's [quoted] {twice}",
  '100% #1 & more = $5',
  '-dash first',
  '~tilde',
  'semi;colon,comma',
  'a'.repeat(194),
  'é'.repeat(97),
];

/** `count` small files with odd names in nested folders; every fiftieth is empty. At least 20 bytes a name are ours. */
export function oddTree(name: string, count: number, seed: number): Payload {
  const lengths: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const stem = ODD_STEMS[i % ODD_STEMS.length]!;
    const folders = Array.from({ length: i % 4 }, (_, depth) => oddFolder(i, depth));
    const relative = [...folders, `${stem}.${i}`].join('/');
    lengths[relative] = i % 50 === 0 ? 0 : ((i * 7919) % 9001) + 1;
  }
  return assemble(
    name,
    false,
    Object.entries(lengths).map(([relative, length]) => file(relative.split('/'), length)),
    seed,
  );
}

function oddFolder(file: number, depth: number): string {
  const stem = ODD_STEMS[(file * 3 + depth) % 7]!;
  return `${stem} ${depth}`;
}

function file(parts: readonly string[], length: number): PayloadFile {
  return { path: parts, length, pad: false };
}

function assemble(name: string, single: boolean, files: readonly PayloadFile[], seed: number): Payload {
  const bytes = noise(
    files.reduce((sum, entry) => sum + entry.length, 0),
    seed,
  );
  let offset = 0;
  for (const entry of files) {
    if (entry.pad) bytes.fill(0, offset, offset + entry.length);
    offset += entry.length;
  }
  return { name, single, files, bytes };
}

/** Incompressible bytes from a seed (xorshift32): no two pieces alike. */
function noise(length: number, seed: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}

/** Where a payload's files lie below the folder that it is saved in, with their bytes. */
export function* payloadFiles(payload: Payload): Generator<{ relative: string; pad: boolean; bytes: Uint8Array }> {
  let offset = 0;
  for (const entry of payload.files) {
    const parts = payload.single ? [payload.name] : [payload.name, ...entry.path];
    const bytes = payload.bytes.subarray(offset, offset + entry.length);
    yield { relative: parts.join('/'), pad: entry.pad, bytes };
    offset += entry.length;
  }
}

/** Writes a payload below `folder`, pad files too: not every client knows that they need not exist. */
export async function writePayload(payload: Payload, folder: string): Promise<void> {
  for (const entry of payloadFiles(payload)) {
    const target = path.join(folder, entry.relative);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, entry.bytes);
  }
}
