// The situations in which clients are compared: a piece length and a number of seeders.
export interface Scenario {
  readonly name: string;
  readonly pieceBytes: number;
  readonly seeders: number;
  /** Only in the first do all clients run; the others hold Millrace against libtorrent alone. */
  readonly everyClient: boolean;
  readonly title: string;
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const SCENARIOS: readonly Scenario[] = [
  { name: '1MiB', pieceBytes: MIB, seeders: 1, everyClient: true, title: '1 MiB pieces, one seeder' },
  { name: '256KiB', pieceBytes: 256 * KIB, seeders: 1, everyClient: false, title: '256 KiB pieces, one seeder' },
  { name: '16MiB', pieceBytes: 16 * MIB, seeders: 1, everyClient: false, title: '16 MiB pieces, one seeder' },
  { name: '20-seeders', pieceBytes: MIB, seeders: 20, everyClient: false, title: '1 MiB pieces, 20 seeders' },
];
