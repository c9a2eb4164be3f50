// What `npm run bench` can be told, and what it does when told nothing.
import { parseArgs } from 'node:util';
import { SCENARIOS } from './scenario.ts';

const GIB = 2 ** 30;
const UNITS: Readonly<Record<string, number>> = { MiB: 2 ** 20, GiB: GIB };

export const USAGE = `usage: npm run bench -- [quick|full|codec|seeding|webseed|utp|hostile|words|many|dht|soak|stalls|study|scale|check] [options]

  quick                   libtorrent only, 512 MiB, 3 pairs (the default); nothing is written
  full                    every installed client and scenario, 2 GiB, 5 pairs; updates docs/performance.md and README.md
  seeding                 Millrace and libtorrent as seeders of peers that keep nothing; one, then 50 at once; 2 GiB
  webseed                 a torrent from nginx alone, against curl and undici fetching the same file; 2 GiB
  utp                     Millrace and libtorrent over uTP, each way; loopback (512 MiB), then 100 ms and losses
  hostile                 a download with and without 1,000 hostile strangers beside it; 2 GiB
  words                   what each message of a stranger costs, repeated without end, and what it makes us send (--only NAME, --write)
  codec                   microbenchmarks, and the heap growth of a million received blocks
  study                   which ideas pay: scheduling, copies, hashing, disk workers (study --help says more)
  check                   has something become slower? ratios against bench/results/baseline.json (--update writes it)
  dht                     the cost of a DHT look-up, and of a table that has seen 10,000 nodes (--write)
  scale                   what the engine alone costs with up to 10,000 peers and many torrents (--torrents N,N)
  soak                    does anything leak? two minutes of everything in one process (--minutes N, --cycles N, --bulk GIB, --write)
  stalls                  how long the event loop is held up by what is large (--scenes a,b, --write)
  many                    1,000 idle torrents in one Client, and the start of 10,000 (--idle N, --start N, --seconds N)

  --size 256MiB           payload, a whole number of MiB or GiB
  --pairs N               pairs per client
  --clients a,b           opponents: libtorrent, aria2, transmission, webtorrent
  --scenarios a,b         1MiB, 256KiB, 16MiB (piece lengths, one seeder), light-seeder, stock-seeder, 20-seeders, encrypted
  --folder PATH           where payload and downloads go (default: /dev/shm)
  --millrace PATH         another build's dist/bin/millrace.js
  --write                 update the documents, also with quick, seeding, webseed and utp
`;

export interface BenchOptions {
  readonly mode: 'quick' | 'full' | 'seeding' | 'webseed' | 'hostile' | 'utp';
  readonly payloadBytes: number;
  readonly pairs: number;
  readonly clients: readonly string[];
  readonly scenarios: readonly string[];
  readonly folder: string;
  readonly millrace?: string;
  readonly write: boolean;
  /** The command as typed, for the page that the figures go into. */
  readonly command: string;
}

function sizeBytes(text: string): number {
  const match = /^(\d+)(MiB|GiB)$/.exec(text);
  if (match === null) throw new Error(`--size ${text}: write it as 512MiB or 2GiB`);
  return Number(match[1]) * UNITS[match[2]!]!;
}

function list(text: string | undefined, known: readonly string[]): readonly string[] | undefined {
  const names = text?.split(',');
  const stranger = names?.find((name) => !known.includes(name));
  if (stranger !== undefined) throw new Error(`unknown: ${stranger} (known: ${known.join(', ')})`);
  return names;
}

const ALL_CLIENTS = ['libtorrent', 'aria2', 'transmission', 'webtorrent'];
const ALL_SCENARIOS = SCENARIOS.map(({ name }) => name);

/** Throws with a message for the user when the command line makes no sense. */
export function benchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      size: { type: 'string' },
      pairs: { type: 'string' },
      clients: { type: 'string' },
      scenarios: { type: 'string' },
      folder: { type: 'string', default: '/dev/shm' },
      millrace: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  });
  const mode = positionals[0] ?? 'quick';
  if (!isMode(mode)) throw new Error(`unknown: ${mode}`);
  const full = mode === 'full';
  const size = mode === 'quick' || mode === 'utp' ? '512MiB' : '2GiB';
  const pairs = Number(values.pairs ?? (full ? 5 : 3));
  if (!Number.isInteger(pairs) || pairs < 1) throw new Error(`--pairs ${values.pairs}: a whole number from 1 on`);
  return {
    mode,
    payloadBytes: sizeBytes(values.size ?? size),
    pairs,
    clients: list(values.clients, ALL_CLIENTS) ?? (full ? ALL_CLIENTS : ['libtorrent']),
    scenarios: list(values.scenarios, ALL_SCENARIOS) ?? (full ? ALL_SCENARIOS : ['1MiB']),
    folder: values.folder,
    ...(values.millrace === undefined ? {} : { millrace: values.millrace }),
    write: full || values.write,
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
  };
}

function isMode(mode: string): mode is BenchOptions['mode'] {
  return ['quick', 'full', 'seeding', 'webseed', 'hostile', 'utp'].includes(mode);
}
