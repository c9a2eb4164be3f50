// One scene of `npm run bench -- stalls`: stall-scene.js SCENE ROOT, with `--expose-gc`. Prints a line of JSON for each of its steps.
// `seed TORRENT DIRECTORY` instead prints the address of a client that seeds it, and stays.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type ClientOptions, type PeerAddress, type Torrent } from '#src/client/index.ts';
import { printedLine } from '../clients/printed-line.ts';
import { makeHoles, type Shape, writeZeroTorrent } from '../stalls/stall-torrents.ts';
import { watchStall } from '../stalls/stall-watch.ts';

const KIB = 1024;
const GIB = 2 ** 30;
const ADDED_AT_ONCE = 64;
const CLOSED_TORRENTS = 1000;
const RESUMED_TORRENTS = 5000;
const MANY_TORRENTS = 10_000;
const MANY_FILES = 100_000;
const MANY_PEERS = 2000;
const METADATA_SEEDS = 3;
/** Peers that one torrent connects to at most. */
const PEERS_EACH = 100;

const [, , scene = '', root = '', seedDirectory = ''] = process.argv;

function client(options: ClientOptions = {}): Client {
  return new Client({ listen: { host: '127.0.0.1', port: 0 }, dht: false, lsd: false, ...options });
}

async function step(name: string, act: () => unknown): Promise<void> {
  process.stdout.write(`${JSON.stringify(await watchStall(name, act))}\n`);
}

async function opened(torrent: Torrent): Promise<void> {
  while (torrent.state === 'opening' || torrent.state === 'checking') await once(torrent, 'state');
}

/** Every torrent of `shapes`, some at once. */
async function addAll(to: Client, files: readonly string[], existing: 'resume' | 'trust'): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: ADDED_AT_ONCE }, async () => {
      while (next < files.length) {
        await opened(await to.add(files[next++]!, { directory: path.join(root, 'data'), existing }));
      }
    }),
  );
}

async function filesScene(): Promise<void> {
  const shape: Shape = {
    name: 'files',
    pieceBytes: 256 * KIB,
    lengths: Array.from({ length: MANY_FILES }, () => 1000),
  };
  const file = writeZeroTorrent(root, shape);
  const directory = path.join(root, 'data');
  makeHoles(directory, shape);
  const own = client();
  let torrent!: Torrent;
  const add = async (): Promise<void> => {
    torrent = await own.add(file, { directory });
    await opened(torrent);
  };
  await step('add a torrent of 100,000 files, which are there and checked', add);
  assert.equal(torrent.state, 'seeding');
  await step('its files()', () => torrent.files());
  await step('its progress()', () => torrent.progress());
  await step('setPriorities of one file', () => torrent.setPriorities({ 5: 'skip' }));
  await step('pause and resume', async () => {
    await torrent.pause();
    await torrent.resume();
  });
  await step('recheck', () => torrent.recheck());
  await step('close, which saves resume data', () => torrent.close());
  await step('add it again, with resume data', add);
  await step('move', () => torrent.move(path.join(root, 'elsewhere')));
  await step('remove with its files', () => torrent.remove({ deleteFiles: true }));
  await step('add it again, with nothing there', add);
  await own.close();
}

async function manyScene(): Promise<void> {
  const shapes = Array.from({ length: MANY_TORRENTS }, (_, at): Shape => {
    return { name: `torrent-${at}`, pieceBytes: 256 * KIB, lengths: [100 * 1024 * KIB, 1000, 5] };
  });
  mkdirSync(path.join(root, 'torrents'));
  const files = shapes.map((shape) => writeZeroTorrent(path.join(root, 'torrents'), shape));
  for (const shape of shapes) makeHoles(path.join(root, 'data'), shape);
  const first = client();
  await step('add 10,000 torrents', () => addAll(first, files, 'trust'));
  await step('a second with 10,000 torrents', () => delay(1000));
  await step('client.torrents, and progress() of each', () => first.torrents.map((torrent) => torrent.progress()));
  await step('client.close() with 10,000 torrents', () => first.close());
  const second = client();
  await step('add 5,000 torrents with resume data', () => addAll(second, files.slice(0, RESUMED_TORRENTS), 'resume'));
  await second.close();
  const third = client();
  await addAll(third, files.slice(0, CLOSED_TORRENTS), 'resume');
  await step('client.close() with 1,000 torrents', () => third.close());
  const fourth = client();
  const all = files.slice(0, RESUMED_TORRENTS);
  const directory = path.join(root, 'data');
  await step('add 5,000 torrents with resume data, all in one go', async () => {
    await Promise.all(all.map(async (file) => opened(await fourth.add(file, { directory }))));
  });
  await fourth.close();
}

async function recheckScene(): Promise<void> {
  const shape: Shape = { name: 'big', pieceBytes: 64 * KIB, lengths: [8 * GIB] };
  const file = writeZeroTorrent(root, shape);
  const directory = path.join(root, 'data');
  mkdirSync(directory);
  makeHoles(directory, shape);
  const own = client();
  const torrent = await own.add(file, { directory, existing: 'trust' });
  await torrent.completed();
  await step('recheck of 8 GiB in 131,072 pieces', () => torrent.recheck());
  assert.equal(torrent.state, 'seeding');
  await own.close();
}

async function seed(): Promise<void> {
  const own = client();
  const { host, port } = (await own.listen())!;
  const torrent = await own.add(root, { directory: seedDirectory, existing: 'trust' });
  await torrent.completed();
  process.stdout.write(`${JSON.stringify({ host, port, infoHash: torrent.infoHash })}\n`);
  process.stdin.resume();
  process.stdin.on('end', () => process.exit());
}

async function magnetScene(): Promise<void> {
  const shape: Shape = { name: 'pieces', pieceBytes: 16 * KIB, lengths: [24 * GIB] };
  const file = writeZeroTorrent(root, shape);
  const directory = path.join(root, 'data');
  mkdirSync(directory);
  makeHoles(directory, shape);
  // Each gives away 640 KiB of metadata a second.
  const seeds = Array.from({ length: METADATA_SEEDS }, (_, at) => {
    const child = spawn(process.execPath, [process.argv[1]!, 'seed', file, directory], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, MILLRACE_DATA_DIR: path.join(root, `kept-seed-${at}`) },
    });
    process.once('exit', () => child.kill('SIGKILL'));
    return printedLine(child, (line) => JSON.parse(line) as PeerAddress & { infoHash: string });
  });
  const peers = await Promise.all(seeds);
  const [{ infoHash } = { infoHash: '' }] = peers;
  const own = client();
  let torrent!: Torrent;
  const link = { directory: path.join(root, 'get'), peers };
  await step('a magnet link with 30 MiB of metadata, 1,572,864 pieces', async () => {
    torrent = await own.add(`magnet:?xt=urn:btih:${infoHash}`, link);
    await opened(torrent);
  });
  await step('two seconds of its download', () => delay(2000));
  await step('its progress()', () => torrent.progress());
  await step('its files()', () => torrent.files());
  await step('pause', () => torrent.pause());
  await step('resume, and a second', async () => {
    await torrent.resume();
    await delay(1000);
  });
  await step('close', () => torrent.close());
  await step('add it again, from the metadata that was kept', async () => {
    torrent = await own.add(`magnet:?xt=urn:btih:${infoHash}`, link);
    await opened(torrent);
  });
  await own.close();
}

async function peersScene(): Promise<void> {
  const count = MANY_PEERS / PEERS_EACH;
  const shapes = Array.from({ length: count }, (_, at): Shape => {
    return { name: `swarm-${at}`, pieceBytes: 256 * KIB, lengths: [8 * GIB] };
  });
  const own = client({ peersMax: MANY_PEERS, downloadBytesPerSecond: 1024 });
  const files = shapes.map((shape) => writeZeroTorrent(root, shape));
  const torrents = await Promise.all(files.map((file) => own.add(file, { directory: path.join(root, 'get') })));
  const program = path.join(path.dirname(process.argv[1]!), 'light-seeder.js');
  const hashes = torrents.map(({ infoHash }) => infoHash).join(',');
  const pieces = String((8 * GIB) / (256 * KIB));
  const child = spawn(process.execPath, [program, hashes, String(256 * KIB), pieces, String(MANY_PEERS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const ports = await printedLine(child, (line) => (line.startsWith('[') ? (JSON.parse(line) as number[]) : undefined));
  const peers = ports.map((port) => ({ host: '127.0.0.1', port }));
  const connected = (): number => torrents.reduce((sum, torrent) => sum + torrent.progress().peers, 0);
  await step('2,000 peers, 100 for each of 20 torrents, become connected', async () => {
    for (const [at, torrent] of torrents.entries()) {
      for (const peer of peers.slice(at * PEERS_EACH, (at + 1) * PEERS_EACH)) torrent.addPeer(peer);
    }
    while (connected() < MANY_PEERS * 0.99) await delay(100);
  });
  await step('a second with 2,000 peers', () => delay(1000));
  await step('peers() of all of them', () => torrents.map((torrent) => torrent.peers()));
  await step('close with 2,000 peers', () => own.close());
  const other = client({ downloadBytesPerSecond: 1024 });
  const [file = ''] = files;
  await step('add a torrent whose user names 2,000 peers', async () => {
    await opened(await other.add(file, { directory: path.join(root, 'get'), peers }));
    await delay(1000);
  });
  await other.close();
  child.kill('SIGKILL');
}

const SCENES: Readonly<Record<string, () => Promise<void>>> = {
  files: filesScene,
  many: manyScene,
  recheck: recheckScene,
  magnet: magnetScene,
  peers: peersScene,
  seed,
};
await SCENES[scene]!();
if (scene !== 'seed') process.exit();
