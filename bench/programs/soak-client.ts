// The long run of `npm run bench -- soak`: soak-client.js GROUND CYCLES DEADLINE_MS, with `--expose-gc`. One process whose clients
// live through cycle after cycle of all that torrents go through; one line of figures after each. Ends after so many cycles,
// or when the time is over, whatever comes first.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import v8 from 'node:v8';
import { Client, type ClientOptions, type PeerAddress, type Torrent } from '#src/client/index.ts';
import { rawHandshake, rawMessage } from '#src/testing/wire/raw-messages.ts';
import type { SoakGround, SoakTorrent } from '../soak/soak-ground.ts';

const MIB = 2 ** 20;
/** How fine the event loop's delay is measured; what the timer takes itself is not counted. */
const DELAY_RESOLUTION_MS = 2;
/** Whoever waits longer than this waits for something that does not come. */
const PATIENCE_MS = 60_000;
/** Sockets and timers of what has ended are gone after so long. */
const SETTLE_MS = 60;
const SETTLE_ROUNDS = 3;
const STRANGERS = 12;
const INTERESTED = 2;
const REQUEST = 6;
const HAVE_NONE = 15;

/** What there was after a cycle. */
export interface SoakFigures {
  /** Or the round of the bulk. */
  readonly cycle: number;
  readonly bulk?: boolean;
  readonly seconds: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly arrayBufferBytes: number;
  readonly rssBytes: number;
  readonly descriptors: number;
  /** What keeps an event loop alive, by kind (`process.getActiveResourcesInfo`). */
  readonly resources: Readonly<Record<string, number>>;
  readonly stallMaxMs: number;
  readonly stallP99Ms: number;
  /** Files that nobody was to leave there. */
  readonly strays: readonly string[];
}

const [, , groundJson = '', cyclesText = '', deadlineText = ''] = process.argv;
const ground = JSON.parse(groundJson) as SoakGround;
const cycles = Number(cyclesText);
const deadlineMs = Date.now() + Number(deadlineText);
/** A heap snapshot is written there after the tenth cycle and after the last one, to be compared. */
const snapshots = process.env['SOAK_SNAPSHOTS'];
const SNAPSHOT_CYCLE = 10;

function open(name: string, options: ClientOptions): Client {
  process.env['MILLRACE_DATA_DIR'] = path.join(ground.folder, '..', 'kept', name);
  return new Client({
    listen: { host: '127.0.0.1', port: 0 },
    memoryBytes: 16 * MIB,
    allowLocal: true,
    ...options,
  });
}

function peer(text: string): PeerAddress {
  const [host = '', port = ''] = text.split(':');
  return { host, port: Number(port) };
}

const patience = (): AbortSignal => AbortSignal.timeout(PATIENCE_MS);

/** The two that live as long as the process, of which the second downloads from the first. */
const home = open('home', {});
const homeAt = (await home.listen())!;
const guest = open('guest', { encryption: 'prefer', utp: 'prefer', dht: { nodes: [homeAt] } });
await guest.listen();
const dirOf = (...names: string[]): string => path.join(ground.folder, ...names);

async function addFromSeeder(torrent: SoakTorrent): Promise<Torrent> {
  const added = await home.add(torrent.file, { directory: dirOf('home'), peers: torrent.peers.map(peer) });
  await added.completed(patience());
  return added;
}

/** Peers that connect, say this much of what a leecher says, and vanish. */
async function strangersVanish(torrent: Torrent): Promise<void> {
  const handshake = rawHandshake();
  handshake[27] = 4;
  handshake.set(Buffer.from(torrent.infoHash, 'hex'), 28);
  const request = rawMessage(REQUEST, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0]);
  const words = Buffer.concat([handshake, rawMessage(HAVE_NONE, []), rawMessage(INTERESTED, []), request, request]);
  await Promise.all(
    Array.from({ length: STRANGERS }, async (_, number) => {
      const socket = connect(homeAt);
      socket.on('error', () => socket.destroy());
      socket.on('data', () => undefined);
      const closed = once(socket, 'close');
      await once(socket, 'connect');
      const own = Buffer.from(words);
      own.writeUInt32BE(number, 64);
      socket.write(own.subarray(0, Math.ceil((own.length * (number + 1)) / STRANGERS)));
      await delay(5 * number);
      if (number % 2 === 0) socket.resetAndDestroy();
      else socket.destroy();
      await closed;
    }),
  );
}

/** Magnet links that nobody has the metadata of, and sources that are none. */
async function failures(): Promise<void> {
  const hash = Buffer.alloc(20, 9).toString('hex');
  const dead = `127.0.0.1:${ground.closedPort}`;
  const tracker = encodeURIComponent(`http://${dead}/announce`);
  const lost = home.add(`magnet:?xt=urn:btih:${hash}&tr=${tracker}&x.pe=${dead}`, { signal: AbortSignal.timeout(200) });
  await assert.rejects(lost);
  await assert.rejects(home.add(dirOf('no-such.torrent')));
  await assert.rejects(home.add(Buffer.from('d4:infodee')));
  await assert.rejects(home.add(`http://${dead}/x.torrent`));
}

function look(client: Client): void {
  for (const torrent of client.torrents) {
    torrent.files();
    torrent.peers();
    torrent.trackers();
    torrent.webSeeds();
    torrent.progress();
  }
  client.dataPath();
  client.dht?.status();
}

/** A client that is opened, downloads a torrent by its magnet link, and is closed. */
async function visit(torrent: SoakTorrent): Promise<void> {
  const visitor = open('visitor', { memoryBytes: 4 * MIB, dht: { nodes: [homeAt] } });
  try {
    const got = await visitor.add(`magnet:?xt=urn:btih:${torrent.infoHash}`, {
      directory: dirOf('visitor'),
      peers: [homeAt],
      signal: patience(),
    });
    await got.completed(patience());
    await got.remove({ deleteFiles: true });
  } finally {
    await visitor.close();
  }
}

/** Files below a folder. */
function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => path.join(entry.parentPath, entry.name));
}

/** What is left when every torrent is removed: the files of the one that was to stay, and no other; nor is anything remembered. */
function straysBeside(kept: string): string[] {
  const known = path.join(ground.folder, '..', 'kept');
  const remembered = filesBelow(known).filter((file) => path.basename(path.dirname(file)) === 'resume');
  const left = filesBelow(ground.folder);
  const stays = (file: string): boolean => file.startsWith(kept);
  assert.ok(left.some(stays), 'what is removed without its files leaves them');
  return [...left.filter((file) => !stays(file)), ...remembered];
}

async function cycle(): Promise<string[]> {
  const [film, album, page] = await Promise.all([ground.tcp, ground.utp, ground.web].map(addFromSeeder));
  assert.ok(film && album && page);
  look(home);
  const magnet = `magnet:?xt=urn:btih:${ground.tcp.infoHash}&dn=tcp`;
  const link = { directory: dirOf('guest'), peers: [homeAt], signal: patience() };
  const copy = await guest.add(magnet, link);
  await copy.completed(patience());
  look(guest);
  await Promise.all([strangersVanish(film), failures(), visit(ground.utp)]);
  await film.pause();
  await film.resume();
  await copy.recheck();
  await copy.move(dirOf('moved'));
  await copy.renameFile(0, 'renamed.bin');
  for await (const chunk of copy.stream(0, { start: 1000 })) assert.ok(chunk.length > 0);
  film.setPriorities({ 0: 'high' });
  film.addTracker(`http://127.0.0.1:${ground.closedPort}/other`);
  film.reannounce();
  await copy.remove({ deleteFiles: true });
  // Once more, over what is there already; then away with all of it, in one way or the other.
  await film.close();
  const again = await home.add(ground.tcp.file, { directory: dirOf('home'), trackers: false, webSeeds: false });
  await again.completed(patience());
  await Promise.all([again.remove({ deleteFiles: true }), album.remove(), page.remove({ deleteFiles: true })]);
  const strays = straysBeside(dirOf('home', ground.utp.name));
  await rm(ground.folder, { recursive: true });
  return strays;
}

async function figures(number: number, seconds: number, strays: readonly string[]): Promise<SoakFigures> {
  const stallMaxMs = delays.max / 1e6 - DELAY_RESOLUTION_MS;
  const stallP99Ms = delays.percentile(99) / 1e6 - DELAY_RESOLUTION_MS;
  for (let round = 0; round < SETTLE_ROUNDS; round++) {
    await delay(SETTLE_MS);
    globalThis.gc!();
  }
  const memory = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  return {
    cycle: number,
    seconds,
    heapBytes: memory.heapUsed,
    externalBytes: memory.external,
    arrayBufferBytes: memory.arrayBuffers,
    rssBytes: memory.rss,
    // Without the one that reads the folder.
    descriptors: readdirSync('/proc/self/fd').length - 1,
    resources,
    stallMaxMs,
    stallP99Ms,
    strays,
  };
}

const delays = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
for (let number = 1; number <= cycles && Date.now() < deadlineMs; number++) {
  delays.reset();
  delays.enable();
  const fromMs = performance.now();
  const strays = await cycle();
  delays.disable();
  process.stdout.write(`${JSON.stringify(await figures(number, (performance.now() - fromMs) / 1000, strays))}\n`);
  if (snapshots !== undefined && number === SNAPSHOT_CYCLE)
    v8.writeHeapSnapshot(path.join(snapshots, 'early.heapsnapshot'));
}
if (snapshots !== undefined) v8.writeHeapSnapshot(path.join(snapshots, 'late.heapsnapshot'));
for (let round = 1; round <= (ground.bulk?.rounds ?? 0); round++) {
  delays.reset();
  delays.enable();
  const fromMs = performance.now();
  const torrent = await addFromSeeder(ground.bulk!.torrent);
  delays.disable();
  const seconds = (performance.now() - fromMs) / 1000;
  await torrent.remove({ deleteFiles: true });
  const left = filesBelow(ground.folder);
  process.stdout.write(`${JSON.stringify({ ...(await figures(round, seconds, left)), bulk: true })}\n`);
}
await rm(ground.folder, { recursive: true, force: true });
await Promise.all([guest.close(), home.close()]);
