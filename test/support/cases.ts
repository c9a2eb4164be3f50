// The torrents that must go, byte for byte, from every foreign client to Millrace and back.
import { fileTree, oddTree, type Payload, paddedTree, singleFile } from './payload.ts';
import { KIB, MIB } from './torrent-maker.ts';

/** A torrent to be brought from one client to the other. */
export interface Case {
  readonly title: string;
  readonly pieceBytes: number;
  readonly payload: () => Payload;
  /** More of Millrace's command line. */
  readonly args?: readonly string[];
}

export const CASES: readonly Case[] = [
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
