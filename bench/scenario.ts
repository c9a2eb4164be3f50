// The situations in which clients are compared: a piece length, a number of seeders, and whether these demand encryption.
export interface Scenario {
  readonly name: string;
  readonly pieceBytes: number;
  readonly seeders: number;
  /** Only in the first do all clients run; the others hold Millrace against libtorrent alone. */
  readonly everyClient: boolean;
  /** The seeder accepts nothing but RC4, and the clients offer nothing else. */
  readonly encrypted: boolean;
  /**
   * `lean`: libtorrent at its cheapest (libtorrent-seed.py); `stock`: as its library comes, with large buffers;
   * `light`: a program that has one piece in memory, of which the payload is made. The cheaper, the more the client sets the pace.
   */
  readonly seeder: 'lean' | 'stock' | 'light';
  /** Millrace's rate ÷ libtorrent's has to be at least this. */
  readonly speedBar: number;
  /** Millrace's CPU time per GiB ÷ libtorrent's may be at most this. */
  readonly cpuBar?: number;
  readonly title: string;
}

const KIB = 1024;
const MIB = 1024 * KIB;

const PLAIN: Omit<Scenario, 'name' | 'pieceBytes' | 'title'> = {
  seeders: 1,
  everyClient: false,
  encrypted: false,
  seeder: 'lean',
  speedBar: 1,
};

export const SCENARIOS: readonly Scenario[] = [
  {
    ...PLAIN,
    name: '1MiB',
    pieceBytes: MIB,
    everyClient: true,
    speedBar: 1.5,
    cpuBar: 0.75,
    title: '1 MiB pieces, one seeder',
  },
  {
    ...PLAIN,
    name: 'light-seeder',
    pieceBytes: MIB,
    seeder: 'light',
    speedBar: 1.8,
    cpuBar: 0.65,
    title: '1 MiB pieces, one seeder that costs little',
  },
  {
    ...PLAIN,
    name: 'stock-seeder',
    pieceBytes: MIB,
    seeder: 'stock',
    everyClient: true,
    title: '1 MiB pieces, one seeder as libtorrent comes',
  },
  { ...PLAIN, name: '256KiB', pieceBytes: 256 * KIB, title: '256 KiB pieces, one seeder' },
  { ...PLAIN, name: '16MiB', pieceBytes: 16 * MIB, title: '16 MiB pieces, one seeder' },
  { ...PLAIN, name: '20-seeders', pieceBytes: MIB, seeders: 20, title: '1 MiB pieces, 20 seeders' },
  {
    ...PLAIN,
    name: 'encrypted',
    pieceBytes: MIB,
    encrypted: true,
    // RC4 in JavaScript, on the thread that receives, may cost its share, but no more.
    speedBar: 0.8,
    title: '1 MiB pieces, one seeder, encrypted (RC4)',
  },
];
