// A hole through two routers (BEP 55): a seed and a leech at home, neither of which can be dialled, meet because somebody whom
// both are connected to introduces them. In network namespaces, with the kernel's own address translation.
import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { skipAloud } from '../support/available.ts';
import { assertDownloaded } from '../support/compare.ts';
import { Millrace } from '../support/millrace.ts';
import { NatPair } from '../support/nat-pair.ts';
import { type Payload, singleFile, writePayload } from '../support/payload.ts';
import { Program } from '../support/program.ts';
import { repository } from '../support/repository.ts';
import { LIBTORRENT_PYTHON, libtorrent } from '../support/seeders/libtorrent.ts';
import { KIB, makeTorrent, saveTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const TIMEOUT = { timeout: 240_000 };
const MIDDLE_PROGRAM = path.join(repository, 'test', 'support', 'leechers', 'libtorrent-middle.py');
/** libtorrent tells whom it knows (PEX) once a minute, and an attempt may fail before. */
const PATIENCE_MS = 150_000;
const MIDDLE_PORT = 7001;
const SEED_PORT = 7002;
const LEECH_PORT = 7003;
/** They find each other through the one in the middle, and through nothing else. */
const QUIET = ['--no-trackers', '--no-dht', '--no-lsd', '--no-nat', '--utp', 'prefer'];

interface Scene {
  readonly pair: NatPair;
  readonly payload: Payload;
  readonly file: string;
  readonly middle: Workspace;
  readonly seed: Workspace;
  readonly leech: Workspace;
  readonly other: Workspace;
}

async function scene(t: TestContext): Promise<Scene | undefined> {
  const pair = await NatPair.open();
  if (pair === undefined) {
    skipAloud(t, 'this machine makes no network namespaces with translation (needs root, iproute2, nftables)');
    return undefined;
  }
  // Each has a home of its own: what one knows, the others do not.
  const [middle, seed, leech, other] = await Promise.all([0, 1, 2, 3].map(() => Workspace.open(t)));
  if (!middle || !seed || !leech || !other) return undefined;
  middle.own(pair);
  const payload = singleFile('through a hole.bin', 900_001, 55);
  const torrent = makeTorrent(payload, 64 * KIB);
  await writePayload(payload, await seed.folder('files'));
  return { pair, payload, file: await saveTorrent(torrent, middle.path), middle, seed, leech, other };
}

async function startSeed({ pair, seed, file }: Scene): Promise<Millrace> {
  const listen = ['--listen', `0.0.0.0:${SEED_PORT}`, '--peer', `${pair.homes[1].middleAddress}:${MIDDLE_PORT}`];
  const args = ['seed', file, '-d', await seed.folder('files'), ...QUIET, ...listen];
  const run = new Millrace(seed, args, pair.homes[1].through);
  await run.until((event) => event.state === 'seeding', 'the seed is ready');
  return run;
}

async function leeches({ pair, leech, file, payload }: Scene): Promise<void> {
  const folder = await leech.folder('files');
  const listen = ['--listen', `0.0.0.0:${LEECH_PORT}`, '--peer', `${pair.homes[0].middleAddress}:${MIDDLE_PORT}`];
  const args = ['get', file, '-o', folder, ...QUIET, ...listen];
  const done = await new Millrace(leech, args, pair.homes[0].through).done(PATIENCE_MS);
  await assertDownloaded(payload, folder);
  assert.equal(done.dataPath!.placedBytes, 0, 'nothing came over TCP');
}

test('two of us behind routers meet because one of us introduces them', TIMEOUT, async (t) => {
  const made = await scene(t);
  if (made === undefined) return;
  const { pair, middle, other, file } = made;
  // Leeches that take next to nothing stay leeches: a seed would let the other seed go.
  const idle = ['get', file, ...QUIET, '--down', '1KiB', '-o'];
  const run = [...idle, await middle.folder('files'), '--listen', `0.0.0.0:${MIDDLE_PORT}`];
  await new Millrace(middle, run, pair.middle.through).listening();
  const seed = await startSeed(made);
  // Who hears of whom (PEX) is told once a minute. That minute begins for the seed when it hears of this one: of the leech it
  // will hear by the introduction alone.
  const args = [
    ...idle,
    await other.folder('files'),
    '--listen',
    '0.0.0.0:0',
    '--peer',
    `${pair.homes[0].middleAddress}:${MIDDLE_PORT}`,
  ];
  new Millrace(other, args, pair.middle.through);
  await seed.until((event) => event.event === 'progress' && (event.peers ?? 0) > 1, 'a second peer');
  await leeches(made);
  // Whom it merely hears of, it dials over TCP, too.
  assert.equal(pair.tcpToTheOther(1), 0, 'the seed did nothing of itself to reach the leech');
  assert.ok(pair.tcpToTheOther(0) > 0, 'the leech had heard of the seed, and dialled it in vain');
});

test('two of us behind routers meet through a libtorrent', TIMEOUT, async (t) => {
  const reason = libtorrent.missing();
  if (reason !== undefined && skipAloud(t, reason)) return;
  const made = await scene(t);
  if (made === undefined) return;
  const { pair, middle, file } = made;
  const [command = '', ...before] = pair.middle.through;
  const args = [LIBTORRENT_PYTHON!, MIDDLE_PROGRAM, file, await middle.folder('files'), `0.0.0.0:${MIDDLE_PORT}`];
  const program = middle.own(new Program(command, [...before, ...args]));
  await program.find((line) => (line === 'ready' ? true : undefined), PATIENCE_MS, 'a libtorrent that listens');
  await startSeed(made);
  await leeches(made);
});
