// What the long run of `npm run bench -- soak` stands on: torrents, foreign seeders, trackers and web seeds that work, and others
// that do not. It lives in the bench's own process, so that what it costs is not measured.

import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { createTorrent } from '#src/client/index.ts';
import { FileServer } from '#src/testing/webseed/file-server.ts';
import { printedLine } from '../clients/printed-line.ts';
import { repository } from '../repository.ts';
import { type Seeder, startSeeder } from '../seeder.ts';
import { pattern, writeStudyTorrent } from '../study/study-torrent.ts';
import { type BenchTracker, startTracker } from '../tracker.ts';

const KIB = 1024;
const PIECE_BYTES = 64 * KIB;

/** A torrent of the long run. */
export interface SoakTorrent {
  readonly name: string;
  /** Path of the torrent file. */
  readonly file: string;
  readonly infoHash: string;
  /** Who seeds it, HOST:PORT each; nobody when there is a web seed. */
  readonly peers: readonly string[];
}

/** What the program of the long run is told. */
export interface SoakGround {
  /** It may write below this folder, and must leave it empty. */
  readonly folder: string;
  /** Seeded by libtorrent over TCP, over uTP, and by a web server alone. */
  readonly tcp: SoakTorrent;
  readonly utp: SoakTorrent;
  readonly web: SoakTorrent;
  /** A port that nobody listens on. */
  readonly closedPort: number;
  /** Large, of one seeder that costs little; absent unless it is asked for. */
  readonly bulk?: { readonly torrent: SoakTorrent; readonly bytes: number; readonly rounds: number };
}

/** A running ground. */
export interface RunningGround {
  readonly ground: SoakGround;
  close(): Promise<void>;
}

const FILES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  tcp: { 'film.mkv': 3 * 1024 * KIB + 5, 'extras/cover.png': 300 * KIB, 'extras/empty.txt': 0, 'read me.txt': 777 },
  utp: { 'album.flac': 1024 * KIB + 1 },
  web: { 'page.html': 200 * KIB, 'data/table.csv': 500 * KIB + 9 },
};

function makeFiles(folder: string, name: string): void {
  const files = Object.entries(FILES[name]!);
  const noise = pattern(Math.max(...files.map(([, length]) => length)));
  for (const [file, length] of files) {
    const whole = path.join(folder, name, file);
    mkdirSync(path.dirname(whole), { recursive: true });
    writeFileSync(whole, noise.subarray(0, length));
  }
}

/** What the web server has, by path. */
function filesOf(folder: string, name: string): Map<string, Uint8Array> {
  const paths = Object.keys(FILES[name]!).map((file) => `${name}/${file}`);
  return new Map(paths.map((file) => [file, readFileSync(path.join(folder, file))]));
}

async function closedPort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A web server that answers every request with status 500. */
async function brokenServer(): Promise<Server> {
  const server = createServer((_, response) => response.writeHead(500).end('broken'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** One download of the bulk: small enough for a machine's tmpfs. */
const BULK_PIECES = 2048;
const BULK_PIECE_BYTES = 1024 * KIB;

/** A torrent of 2 GiB, whose seeder has one piece of it in memory (programs/light-seeder.ts). */
async function startBulk(root: string, bulkBytes: number): Promise<{ bulk: SoakGround['bulk']; close: () => void }> {
  const { file, infoHash, totalBytes } = writeStudyTorrent(root, BULK_PIECE_BYTES, BULK_PIECES);
  const program = path.join(repository, 'build', 'bench', 'programs', 'light-seeder.js');
  const args = [program, infoHash, String(BULK_PIECE_BYTES), String(BULK_PIECES), '1'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ports = await printedLine(child, (line) => (line.startsWith('[') ? (JSON.parse(line) as number[]) : undefined));
  const torrent = { name: 'study.bin', file, infoHash, peers: ports.map((port) => `127.0.0.1:${port}`) };
  const rounds = Math.ceil(bulkBytes / totalBytes);
  return { bulk: { torrent, bytes: totalBytes, rounds }, close: () => void child.kill('SIGKILL') };
}

/** Makes the payload below `root` and starts everybody; `bulkBytes` are to be downloaded in one go, 0 for none. */
export async function startSoakGround(root: string, bulkBytes: number): Promise<RunningGround> {
  const payload = path.join(root, 'payload');
  for (const name of Object.keys(FILES)) makeFiles(payload, name);
  const tracker: BenchTracker = await startTracker();
  const broken = await brokenServer();
  const closed = await closedPort();
  const server = new FileServer(filesOf(payload, 'web'));
  server.manners.answersPerConnection = 2;
  await server.listen();
  const dead = `127.0.0.1:${closed}`;
  const brokenAt = `127.0.0.1:${(broken.address() as AddressInfo).port}`;
  const tiers = [[tracker.url], [`http://${dead}/announce`, `http://${brokenAt}/announce`]];
  // Nobody says that it is not there: who takes leave of it waits two seconds, so one torrent alone names it.
  const silentTier = [`udp://${dead}/announce`];
  const deadSeeds = [`http://${dead}/`, `http://${brokenAt}/`];
  const seeders: Pick<Seeder, 'close'>[] = [];
  const make = async (name: string, webSeeds: readonly string[], utp?: boolean): Promise<SoakTorrent> => {
    const named = name === 'tcp' ? [...tiers, silentTier] : tiers;
    const made = await createTorrent(path.join(payload, name), { pieceBytes: PIECE_BYTES, tiers: named, webSeeds });
    const file = path.join(root, `${name}.torrent`);
    writeFileSync(file, made.bytes);
    const seeder = utp === undefined ? undefined : await startSeeder(file, payload, { utp });
    if (seeder !== undefined) seeders.push(seeder);
    return { name, file, infoHash: made.metainfo.infoHash, peers: seeder?.peers ?? [] };
  };
  const folder = path.join(root, 'work');
  mkdirSync(folder);
  const close = async (): Promise<void> => {
    for (const seeder of seeders) seeder.close();
    tracker.close();
    broken.close();
    broken.closeAllConnections();
    await server.stop();
  };
  try {
    const [tcp, utp, web] = [
      await make('tcp', deadSeeds, false),
      await make('utp', [], true),
      await make('web', [server.url, ...deadSeeds]),
    ];
    const ground = { folder, tcp, utp, web, closedPort: closed };
    if (bulkBytes === 0) return { ground, close };
    const started = await startBulk(root, bulkBytes);
    seeders.push(started);
    return { ground: { ...ground, ...(started.bulk && { bulk: started.bulk }) }, close };
  } catch (error) {
    await close();
    throw error;
  }
}
