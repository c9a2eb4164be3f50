// What `get` asks of the library and tells people and programs.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { PortMappingStatus } from '#src/cli/library.ts';
import { HASH, METAINFO, MIB, ProgramBench } from '../support/program-bench.ts';

let folder = '';
let bench = new ProgramBench();
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-cli-'));
  bench = new ProgramBench();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('get hands its options to the library', async () => {
  bench.client.added = (torrent) => torrent.finish();
  const options =
    '--preallocate --peer 10.0.0.1:1 --peer [::1]:2 --listen :7000 --no-trackers --memory 16MiB --net-threads 2 --max-peers 7 --upload-slots 3 --select 0,1 --priority 1=high --down 1M --up 2M --encryption prefer --utp off --scheduling adaptive --no-nat';
  assert.equal(await bench.run('get', 'x.torrent', '-o', folder, '--sequential', ...options.split(' ')), 0);
  assert.deepEqual(bench.clientOptions, {
    encryption: 'prefer',
    utp: 'off',
    scheduling: 'adaptive',
    dht: {},
    listen: { port: 7000 },
    memoryBytes: 16 * MIB,
    peersMax: 7,
    netThreads: 2,
    downloadBytesPerSecond: MIB,
    uploadBytesPerSecond: 2 * MIB,
    portMapping: false,
  });
  const { signal, ...addOptions } = bench.client.addOptions!;
  assert.equal(signal, bench.interrupts.signal);
  assert.deepEqual(addOptions, {
    trackers: false,
    seed: false,
    sequential: true,
    preallocate: true,
    priorities: { 1: 'high' },
    select: [0, 1],
    peers: [
      { host: '10.0.0.1', port: 1 },
      { host: '::1', port: 2 },
    ],
    uploadSlotsMax: 3,
    directory: folder,
  });
  assert.equal(bench.client.closed, 1);
});

test('files are chosen by name once they are known', async () => {
  bench.client.added = (torrent) => torrent.finish();
  assert.equal(await bench.run('get', 'magnet', '-o', folder, '--select', '*.TXT', '--priority', 'film*=high'), 0);
  assert.deepEqual(bench.client.torrent.selected, [1]);
  const { priorities } = bench.client.addOptions!;
  assert.ok(typeof priorities === 'function');
  assert.deepEqual(priorities(METAINFO.files), { 0: 'high' });
  assert.equal(await bench.run('get', 'magnet', '-o', folder, '--select', '*.avi'), 2);
  assert.match(bench.stderr, /^millrace: no file of the torrent is called "\*\.avi"/);
});

const MAPPING = {
  transport: 'tcp',
  family: 4,
  protocol: 'upnp',
  gateway: '192.168.1.1',
  internalPort: 6881,
  externalPort: 6881,
  externalAddress: '198.51.100.7',
  doubleNat: false,
  lifetimeSeconds: 3600,
} as const;

test('people are told once that the router lets peers in, and plainly when that is not enough', async () => {
  const tell = async (...mappings: PortMappingStatus['mappings']): Promise<string> => {
    bench = new ProgramBench();
    bench.client.added = (torrent, client) => {
      client.emit('portMapping', { mappings: [], troubles: [{ gateway: '192.168.1.1', message: 'offers no UPnP' }] });
      for (let count = 1; count <= mappings.length; count++) {
        client.emit('portMapping', { mappings: mappings.slice(0, count), troubles: [] });
      }
      torrent.finish();
    };
    await bench.run('get', 'x.torrent', '-o', folder);
    return bench.stdout
      .split('\n')
      .filter((line) => line.includes('router'))
      .join('\n');
  };
  assert.equal(
    await tell(MAPPING, { ...MAPPING, transport: 'udp' }),
    'the router lets peers in at port 6881 (UPnP, 192.168.1.1)',
  );
  assert.equal(
    await tell({ ...MAPPING, externalPort: 50_000 }),
    'the router lets peers in at port 50000, which is 6881 here (UPnP, 192.168.1.1)',
  );
  assert.match(
    await tell({ ...MAPPING, externalAddress: '100.64.1.1', doubleNat: true }),
    /^the router opened port 6881 .*, but its own address 100\.64\.1\.1 is not of the internet: /,
  );
  assert.match(
    await tell({ ...MAPPING, family: 6, protocol: 'pcp', gateway: 'fe80::1%lan' }),
    /over IPv6 at port 6881 \(PCP/,
  );
  assert.equal(await tell(), '', 'a router that opens nothing is no news');
});

test('programs are told what gateways opened, and why they did not', async () => {
  const troubles = [{ gateway: '192.168.1.1', message: 'does not answer PCP' }];
  bench.client.added = (torrent, client) => {
    client.emit('portMapping', { mappings: [MAPPING], troubles });
    torrent.finish();
  };
  await bench.run('get', 'x.torrent', '-o', folder, '--json');
  const told = bench.events().filter(({ event }) => event === 'port-mapping');
  assert.deepEqual(told, [{ event: 'port-mapping', mappings: [MAPPING], troubles }]);
});

test('get --json ends with done and the fields of the contract', async () => {
  bench.client.added = (torrent, client) => {
    torrent.change({ state: 'downloading', bytesDone: 10 * MIB });
    torrent.emit('warning', { code: 'ERR_A', message: 'a' });
    client.emit('warning', { code: 'ERR_B', message: 'b' });
    torrent.finish();
  };
  assert.equal(await bench.run('get', 'x.torrent', '-o', folder, '--json'), 0);
  const events = bench.events();
  assert.deepEqual(events[0], { event: 'listening', address: '127.0.0.1:6881', host: '127.0.0.1', port: 6881 });
  assert.equal(events[1]!['event'], 'progress');
  assert.deepEqual(
    events.filter(({ event }) => event === 'warning').map(({ code }) => code),
    ['ERR_A', 'ERR_B'],
  );
  const done = events.at(-1)!;
  assert.equal(done['event'], 'done');
  assert.equal(done['infoHash'], HASH);
  assert.equal(done['bytes'], 100 * MIB);
  assert.equal(done['downloadedBytes'], 90 * MIB);
  assert.deepEqual(done['dataPath'], bench.client.dataPath());
  for (const field of ['seconds', 'peakRssBytes', 'cpuSeconds']) assert.equal(typeof done[field], 'number', field);
  assert.equal(bench.stderr, '');
});

test('an interrupted get closes the client, and says how to continue', async () => {
  bench.client.added = () => bench.interrupts.interrupt('SIGINT');
  assert.equal(await bench.run('get', 'x.torrent', '-o', folder), 130);
  assert.equal(bench.client.closed, 1);
  assert.match(bench.stderr, /^stopping: saving.*\nmillrace: interrupted; the same command continues/);
  assert.deepEqual(bench.exits, []);
});

test('an interrupted get --json ends with an error, and SIGTERM with 143', async () => {
  bench.client.added = () => bench.interrupts.interrupt('SIGTERM');
  assert.equal(await bench.run('get', 'x.torrent', '-o', folder, '--json'), 143);
  assert.equal(bench.events().at(-1)!['code'], 'ERR_CLI_INTERRUPTED');
  assert.equal(bench.stderr, '');
});

test('get --seed reports that it is done, and goes on until interrupted', async () => {
  bench.client.added = (torrent) => {
    torrent.finish();
    setTimeout(() => bench.interrupts.interrupt('SIGINT'), 20);
  };
  assert.equal(await bench.run('get', 'x.torrent', '-o', folder, '--json', '--seed'), 130);
  assert.equal(bench.client.addOptions?.seed, true);
  assert.equal(bench.events().at(-1)!['event'], 'done');
});

test('a goal ends seeding with 0 and one sentence, and asking for one asks for seeding', async () => {
  bench.client.added = (torrent) => {
    torrent.finish();
    setTimeout(() => torrent.emit('goal', { reason: 'ratio', ratio: 2, seconds: 5 }), 20);
  };
  assert.equal(await bench.run('get', 'x.torrent', '-o', folder, '--ratio', '2.0', '--seed-time', '30m'), 0);
  assert.deepEqual(bench.client.addOptions?.seedGoal, { ratio: 2, seconds: 1800 });
  assert.equal(bench.client.addOptions?.seed, true);
  assert.equal(bench.stderr, 'goal reached: ratio 2.00\n');
  bench.client.added = (torrent) => {
    torrent.change({ state: 'seeding', ratio: 0.5 });
    setTimeout(() => torrent.emit('goal', { reason: 'seconds', ratio: 0.5, seconds: 1800 }), 20);
  };
  assert.equal(await bench.run('seed', 'x.torrent', '-d', folder, '--seed-time', '30m', '--super'), 0);
  assert.equal(bench.client.addOptions?.superSeed, true);
  assert.match(bench.stdout, /ratio 0\.50\n {2}goal reached: 30 min 00 s of seeding\n$/);
  assert.equal(await bench.run('seed', 'x.torrent', '-d', folder, '--seed-time', '30m', '--json'), 0);
  assert.equal(bench.events().at(-1)!['goal'], 'seconds');
  assert.equal(await bench.run('seed', 'x.torrent', '-d', folder, '--ratio', 'much'), 2);
});
