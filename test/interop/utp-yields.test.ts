// uTP beside a real TCP connection at a real bottleneck: a router's line is slow, and has a queue (tbf) that TCP fills to
// the brim.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { skipAloud } from '../support/available.ts';
import { assertDownloaded } from '../support/compare.ts';
import { Millrace } from '../support/millrace.ts';
import { NatPair } from '../support/nat-pair.ts';
import { singleFile, writePayload } from '../support/payload.ts';
import { Program } from '../support/program.ts';
import { KIB, MIB, makeTorrent, saveTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const TIMEOUT = { timeout: 240_000 };
const PATIENCE_MS = 100_000;
const SEED_HOST = '44.7.0.1';
const PORT = 7001;
const TCP_PORT = 7002;
/** 5 MB/s, and a queue of 300 ms. */
const BOTTLENECK = ['rate', '40mbit', 'burst', '32kb', 'limit', '1500kb'];
const PAYLOAD_BYTES = 24 * MIB;
/** What TCP carries before it counts, for uTP needs some round trips to give way; and what it carries then. */
const SETTLING_BYTES = 4 * MIB;
const COUNTED_BYTES = 8 * MIB;
const QUIET = ['--no-trackers', '--no-dht', '--no-lsd', '--no-pex', '--no-nat', '--utp', 'prefer'];

/** Sends to whoever comes, as long as it runs. */
const SOURCE = `const chunk = Buffer.alloc(65536);
require('node:net').createServer((s) => {
  const more = () => { while (s.write(chunk)); };
  s.on('drain', more).on('error', () => undefined);
  more();
}).listen(${TCP_PORT}, '${SEED_HOST}', () => console.log('ready'));`;

/** Takes all that comes over TCP, and tells how much that is. */
const SINK = `let bytes = 0; let told = 0;
require('node:net').connect(${TCP_PORT}, '${SEED_HOST}').on('data', (d) => {
  bytes += d.length;
  if (bytes - told > 65536) { told = bytes; console.log('tcp ' + bytes); }
});`;

function node(workspace: Workspace, through: readonly string[], code: string): Program {
  const [command = '', ...before] = through;
  return workspace.own(new Program(command, [...before, process.execPath, '-e', code]));
}

test(
  'a download over uTP gives way to a TCP connection, and has the line again when that is over',
  TIMEOUT,
  async (t) => {
    const pair = await NatPair.open();
    if (pair === undefined)
      return void skipAloud(t, 'this machine makes no network namespaces (needs root, iproute2, nftables)');
    const workspace = await Workspace.open(t);
    workspace.own(pair);
    // The queue is a router's: before its own line, a TCP of Linux keeps only little of what it has.
    if (!pair.slowDown(0, ...BOTTLENECK)) return void skipAloud(t, 'this kernel has no tbf');
    const [near, far] = [pair.middle.through, pair.homes[0].through];
    // A TCP that takes what it can get. BBR, which leaves a queue alone, does not: docs/decisions/0011-utp.md.
    const [command = '', ...before] = near;
    const reno = spawnSync(command, [...before, 'sysctl', '-qw', 'net.ipv4.tcp_congestion_control=reno']);
    assert.equal(reno.status, 0, 'every kernel has Reno');
    const payload = singleFile('slow line.bin', PAYLOAD_BYTES, 29);
    const file = await saveTorrent(makeTorrent(payload, 64 * KIB), workspace.path);
    const seeds = await workspace.folder('seed');
    await writePayload(payload, seeds);
    const listen = ['--listen', `${SEED_HOST}:${PORT}`];
    const seed = new Millrace(workspace, ['seed', file, '-d', seeds, ...QUIET, ...listen], near);
    await seed.until((event) => event.state === 'seeding', 'the seed is ready');
    const source = node(workspace, near, SOURCE);
    await source.find((line) => (line === 'ready' ? true : undefined), PATIENCE_MS, 'somebody to send');

    const folder = await workspace.folder('got');
    const dial = ['--peer', `${SEED_HOST}:${PORT}`, '--listen', '0.0.0.0:0'];
    const get = new Millrace(workspace, ['get', file, '-o', folder, ...QUIET, ...dial], far);
    await get.untilBytes(MIB);
    const sink = node(workspace, far, SINK);
    const carried = async (bytes: number): Promise<void> => {
      const pick = (line: string): true | undefined => (Number(line.split(' ')[1]) >= bytes ? true : undefined);
      await sink.find(pick, PATIENCE_MS, `${bytes} bytes over TCP`);
    };
    const gotBytes = (): number => get.events.findLast((event) => event.bytesDone !== undefined)!.bytesDone!;
    await carried(SETTLING_BYTES);
    const start = gotBytes();
    await carried(SETTLING_BYTES + COUNTED_BYTES);
    const ours = gotBytes() - start;
    console.error('SHARE', ours, start);
    assert.ok(ours < 0.25 * (ours + COUNTED_BYTES), `took ${ours} bytes beside ${COUNTED_BYTES}`);
    await sink.stop();
    const left = PAYLOAD_BYTES - gotBytes();
    assert.ok(left > 2 * MIB, 'something is left to show that it has the line again');
    const done = await get.done(PATIENCE_MS);
    assert.equal(done.dataPath!.placedBytes, 0, 'nothing came over TCP');
    await assertDownloaded(payload, folder);
  },
);
