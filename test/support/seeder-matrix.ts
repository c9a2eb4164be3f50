// The cases that Millrace must download, byte for byte, from every foreign seeder.
import { before, describe, test } from 'node:test';
import { skipAloud } from './available.ts';
import { assertDownloaded } from './compare.ts';
import { download } from './download.ts';
import { fileTree, oddTree, type Payload, paddedTree, singleFile, writePayload } from './payload.ts';
import type { SeederDriver } from './seeders/seeder.ts';
import { KIB, MIB, makeTorrent } from './torrent-maker.ts';
import { Workspace } from './workspace.ts';

interface Case {
  readonly title: string;
  readonly pieceBytes: number;
  readonly payload: () => Payload;
  readonly args?: readonly string[];
}

const CASES: readonly Case[] = [
  {
    title: 'a single file, 16 KiB pieces, a last piece of one byte',
    pieceBytes: 16 * KIB,
    payload: () => singleFile('single sixteen.bin', 8 * MIB + 1, 1),
  },
  {
    title: '256 KiB pieces, a last piece that ends in the middle of a block',
    pieceBytes: 256 * KIB,
    payload: () => singleFile('quarter.bin', 12 * MIB + 100_001, 2),
  },
  {
    title: '1 MiB pieces, files of which the last piece is whole',
    pieceBytes: MIB,
    payload: () => fileTree('one', { 'a/first.bin': 9 * MIB + 777, 'a/second.bin': 7 * MIB - 777 }, 3),
  },
  {
    title: '4 MiB pieces across files of all sizes',
    pieceBytes: 4 * MIB,
    payload: () => fileTree('four', { 'x.bin': 5 * MIB + 3, 'deep/er/y.bin': 1, 'z.bin': 19 * MIB }, 4),
  },
  {
    title: '16 MiB pieces through 16 MiB of piece memory',
    pieceBytes: 16 * MIB,
    payload: () => fileTree('sixteen', { 'x.bin': 20 * MIB + 5, 'y.bin': 19 * MIB }, 5),
    args: ['--memory', '16MiB'],
  },
  {
    title: '2,000 small files with odd names in nested folders',
    pieceBytes: 64 * KIB,
    payload: () => oddTree('odd names 名前', 2000, 6),
  },
  {
    title: 'pad files',
    pieceBytes: 256 * KIB,
    payload: () =>
      paddedTree('padded', { 'a.bin': 300_000, 'b/c.bin': 3 * MIB, 'b/d.bin': 17, 'e.bin': 999_999 }, 256 * KIB, 7),
  },
  {
    title: 'zero-length files first, in the middle and last',
    pieceBytes: 32 * KIB,
    payload: () => fileTree('empties', { first: 0, 'a/x.bin': 100_000, 'a/middle': 0, 'b/y.bin': 31, last: 0 }, 8),
  },
];

/** Declares the tests. `sideBySide` is how many run at once: for seeders that mostly wait. */
export function seederMatrix(driver: SeederDriver, sideBySide: number): void {
  describe(`downloading from ${driver.name}`, { concurrency: sideBySide }, () => {
    let missing: string | undefined;
    before(() => {
      missing = driver.missing();
    });
    for (const { title, pieceBytes, payload, args } of CASES) {
      test(title, async (t) => {
        if (missing !== undefined && skipAloud(t, missing)) return;
        const workspace = await Workspace.open(t);
        const torrent = makeTorrent(payload(), pieceBytes);
        const source = await workspace.folder('source');
        await writePayload(torrent.payload, source);
        const seeder = await driver.start(workspace, torrent, source);
        const target = await workspace.folder('target');
        await download(workspace, torrent, target, [seeder.port], args);
        await assertDownloaded(torrent.payload, target);
      });
    }
  });
}
