// The one process that seeds to every client of a scenario: libtorrent, or a seeder that costs next to nothing. It tells when
// a client's first connection came in, which is where the clock of each run starts.
import { type ChildProcess, spawn } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { infoHashOf, type Payload } from './payload.ts';
import { pythonWithLibtorrent } from './python.ts';
import { repository } from './repository.ts';

/** A running seeder. */
export interface Seeder {
  readonly peers: readonly string[];
  /** Milliseconds since 1970 of the first connection after the last call of `forget`, once there was one. */
  connectedAtMs(): number | undefined;
  forget(): void;
  /** Makes the seeder connect to a client, instead of the other way round. */
  dial(peer: string): void;
  close(): void;
}

/** A port that nobody listens on at the moment. */
async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Where the seeders listen: each has a loopback address of its own, for clients that allow one peer per address. */
async function addresses(count: number): Promise<string[]> {
  const hosts = Array.from({ length: count }, (_, index) => `127.0.0.${2 + index}`);
  return await Promise.all(hosts.map(async (host) => `${host}:${await freePort(host)}`));
}

/** What libtorrent's seeders are like; without any of it one seeds over plain TCP. */
export interface SeederManner {
  /** So many in one process. */
  readonly count?: number;
  /** They accept nothing but RC4. */
  readonly encrypted?: boolean;
  readonly utp?: boolean;
  /** At as little CPU time as libtorrent can be brought to (libtorrent-seed.py). */
  readonly lean?: boolean;
}

/** Starts seeders in one process; resolves when they have checked the payload. */
export async function startSeeder(torrent: string, directory: string, manner: SeederManner): Promise<Seeder> {
  const python = pythonWithLibtorrent();
  if (python === undefined) throw new Error('the seeder needs libtorrent: apt install python3-libtorrent');
  const peers = await addresses(manner.count ?? 1);
  const program = path.join(repository, 'bench', 'libtorrent-seed.py');
  const flags = [
    ...(manner.lean === true ? ['--lean'] : []),
    ...(manner.encrypted === true ? ['--rc4'] : []),
    ...(manner.utp === true ? ['--utp'] : []),
  ];
  const args = [program, ...flags, torrent, directory, ...peers];
  const child: ChildProcess = spawn(python, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const heard = await connections(child, (line) => line === 'ready');
  return { ...heard, peers, dial: (peer) => child.stdin!.write(`${peer}\n`), close: () => child.kill('SIGKILL') };
}

/** Starts the seeder that costs least (programs/light-seeder.ts); it dials nobody. */
export async function startLightSeeder(torrent: string, payload: Payload, pieceBytes: number): Promise<Seeder> {
  const program = path.join(repository, 'build', 'bench', 'programs', 'light-seeder.js');
  const pieces = Math.ceil(payload.bytes / pieceBytes);
  const args = [program, infoHashOf(torrent), String(pieceBytes), String(pieces), '1'];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const peers: string[] = [];
  const heard = await connections(child, (line) => {
    if (!line.startsWith('[')) return false;
    for (const port of JSON.parse(line) as number[]) peers.push(`127.0.0.1:${port}`);
    return true;
  });
  return { ...heard, peers, dial: () => undefined, close: () => child.kill('SIGKILL') };
}

/** Resolves when the seeder has printed that it is ready; listens for connections from then on. */
async function connections(
  child: ChildProcess,
  isReady: (line: string) => boolean,
): Promise<Pick<Seeder, 'connectedAtMs' | 'forget'>> {
  let connected: number | undefined;
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the seeder ended with status ${code}`)));
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const match = /^connected ([\d.]+)$/.exec(line);
      if (match !== null) connected ??= Number(match[1]) * 1000;
      else if (isReady(line)) resolve();
    });
  });
  return {
    connectedAtMs: () => connected,
    forget: () => {
      connected = undefined;
    },
  };
}
