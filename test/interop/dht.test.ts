// The DHT with foreign nodes in one network on this machine: libtorrent's, those of bittorrent-dht, and ours.
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { Client } from '#src/client/index.ts';
import { encodeBencode } from '#src/protocol/bencode/bencode-encoder.ts';
import { skipAloud } from '../support/available.ts';
import { assertDownloaded } from '../support/compare.ts';
import { DhtProgram } from '../support/dht/dht-program.ts';
import { Millrace } from '../support/millrace.ts';
import { singleFile, writePayload } from '../support/payload.ts';
import { libtorrent } from '../support/seeders/libtorrent.ts';
import { webtorrent } from '../support/seeders/webtorrent.ts';
import { KIB, MIB, makeTorrent, saveTorrent } from '../support/torrent-maker.ts';
import { Workspace } from '../support/workspace.ts';

const OURS = 12;

function missing(t: TestContext): boolean {
  const reason = libtorrent.missing() ?? webtorrent.missing();
  return reason !== undefined && skipAloud(t, reason);
}

/** A client that has nothing to do but to be a node. */
function nodeOf(workspace: Workspace, index: number, port: number, host = '127.0.0.1'): Client {
  process.env['MILLRACE_DATA_DIR'] = path.join(workspace.path, `node-${index}`);
  const nodes = [{ host, port }];
  return new Client({ listen: { host, port: 0 }, memoryBytes: 4 * MIB, diskWorkers: 1, dht: { nodes } });
}

/** Some of our nodes, that begin with theirs; they end with the test. */
async function ourNodes(t: TestContext, workspace: Workspace, ports: readonly number[], host?: string) {
  const before = process.env['MILLRACE_DATA_DIR'];
  const ours = ports.map((port, index) => nodeOf(workspace, index, port, host));
  t.after(async () => {
    await Promise.all(ours.map((client) => client.close()));
    if (before === undefined) delete process.env['MILLRACE_DATA_DIR'];
    else process.env['MILLRACE_DATA_DIR'] = before;
  });
  await Promise.all(ours.map((client) => client.listen()));
  return ours;
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const limitMs = performance.now() + 60_000;
  while (performance.now() < limitMs) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`it did not come to this within 60 s: ${what}`);
}

/** Has libtorrent store a value. On a busy machine its put may come back from nobody, after ten seconds: it is asked again. */
async function storedBy(theirs: DhtProgram, text: string): Promise<string> {
  let stored = await theirs.ask(`put ${text}`, 'stored');
  await until(async () => {
    if (stored.nodes === 0) stored = await theirs.ask(`put ${text}`, 'stored');
    return stored.nodes !== 0;
  }, 'somebody takes what libtorrent stores');
  return stored.target!;
}

test('a magnet link without a tracker downloads from a peer that libtorrent’s DHT knows', {
  timeout: 120_000,
}, async (t) => {
  if (missing(t)) return;
  const workspace = await Workspace.open(t);
  const torrent = makeTorrent(singleFile('from the dht', 3 * MIB, 71), 64 * KIB);
  const seeded = await workspace.folder('seeded');
  await writePayload(torrent.payload, seeded);
  const file = await saveTorrent(torrent, workspace.path);
  const network = await DhtProgram.libtorrent(workspace, 20, { seeded: { file, folder: seeded } });
  const got = await workspace.folder('got');
  const args = ['get', `magnet:?xt=urn:btih:${torrent.infoHash.toString('hex')}`, '-o', got, '--listen', '127.0.0.1:0'];
  const run = new Millrace(workspace, [...args, '--dht-node', `127.0.0.1:${network.ports[0]}`]);
  const event = await run.done();
  assert.equal(event.bytes, torrent.totalBytes);
  await assertDownloaded(torrent.payload, got);
});

test('fifty-six nodes of three programs find each other’s peers and values', { timeout: 180_000 }, async (t) => {
  if (missing(t)) return;
  const workspace = await Workspace.open(t);
  const theirs = await DhtProgram.libtorrent(workspace, 24);
  const others = await DhtProgram.webtorrent(workspace, 20, theirs.ports[0]!);
  const ours = await ourNodes(t, workspace, theirs.ports.slice(0, OURS));
  await until(() => ours.every(({ dht }) => dht!.status().ready && dht!.status().nodes >= 8), 'our nodes have joined');
  assert.ok(theirs.ports.length + others.ports.length + ours.length >= 50);

  // Whoever announces is found by the others, whose ever the nodes are that keep it.
  const torrent = makeTorrent(singleFile('announced', 64 * KIB, 3), 16 * KIB);
  const infoHash = torrent.infoHash.toString('hex');
  const [seed, searcher] = [ours[2]!, ours[7]!];
  const bytes = new Uint8Array(torrent.metainfo);
  const folder = await workspace.folder('announced');
  await writePayload(torrent.payload, folder);
  await seed.add(bytes, { directory: folder });
  const port = (await seed.listen())!.port;
  await others.ask(`announce ${infoHash} 4242`, 'announced');
  const hears = async (): Promise<boolean> => {
    const { peers } = await theirs.ask(`find ${infoHash}`, 'peers');
    return peers!.some((peer) => (peer as readonly unknown[])[1] === port);
  };
  await until(hears, 'libtorrent finds the peer that we announced');
  const found = await others.ask(`find ${infoHash}`, 'peers');
  assert.ok(found.peers!.includes(port), `bittorrent-dht finds it, too, among ${JSON.stringify(found.peers)}`);
  const scrape = await searcher.dht!.scrape(infoHash);
  assert.ok(scrape.seeds + scrape.peers >= 1, 'and it is counted');

  // Values go every way.
  const text = 'hello from libtorrent';
  const read = await searcher.dht!.get(await storedBy(theirs, text));
  assert.deepEqual(read?.value, encodeBencode(text));
  const stored = await searcher.dht!.put(encodeBencode('hello from us'));
  assert.ok(stored.nodes >= 4, `${stored.nodes} nodes took it`);
  assert.equal((await theirs.ask(`get ${stored.target}`, 'value')).value, 'hello from us');
  assert.equal((await others.ask(`get ${stored.target}`, 'value')).value, 'hello from us');
  const signed = await others.ask('sign 5 signed', 'stored');
  const theirMutable = await searcher.dht!.get(signed.target!);
  assert.deepEqual([theirMutable?.value, theirMutable?.seq], [encodeBencode('signed'), 1]);
  const key = createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 9)]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
  const ourMutable = await searcher.dht!.put(encodeBencode('ours'), {
    key: new Uint8Array(publicKey),
    seq: 7,
    sign: (message) => new Uint8Array(sign(null, message, key)),
  });
  assert.ok(ourMutable.nodes >= 4);
  const back = await others.ask(`get ${ourMutable.target}`, 'value');
  assert.deepEqual([back.value, back.seq], ['ours', 7]);
});

test('over IPv6, libtorrent’s nodes and ours find each other’s peers and values (BEP 32)', {
  timeout: 180_000,
}, async (t) => {
  if (missing(t)) return;
  const workspace = await Workspace.open(t);
  const torrent = makeTorrent(singleFile('sixth', 64 * KIB, 4), 16 * KIB);
  const infoHash = torrent.infoHash.toString('hex');
  const folder = await workspace.folder('seeded');
  await writePayload(torrent.payload, folder);
  const file = await saveTorrent(torrent, workspace.path);
  const theirs = await DhtProgram.libtorrent(workspace, 14, { host: '::1', seeded: { file, folder } });
  const ours = await ourNodes(t, workspace, theirs.ports.slice(0, 4), '::1');
  const [seed, leech, searcher] = [ours[0]!, ours[1]!, ours[2]!];
  await until(() => ours.every(({ dht }) => dht!.status().ready && dht!.status().nodes6 >= 8), 'our nodes have joined');
  assert.deepEqual(
    ours.map(({ dht }) => dht!.status().nodes),
    [0, 0, 0, 0],
    'nobody is met over IPv4',
  );

  // Whom libtorrent announced, a bare info hash leads us to; and it finds who announced among us.
  const got = await workspace.folder('got');
  await theirs.ask('announce', 'announced');
  const downloaded = await leech.add(`magnet:?xt=urn:btih:${infoHash}`, { directory: got });
  await downloaded.completed();
  await assertDownloaded(torrent.payload, got);
  await seed.add(new Uint8Array(torrent.metainfo), { directory: folder });
  const { port } = (await seed.listen())!;
  await until(async () => {
    const { peers } = await theirs.ask(`find ${infoHash}`, 'peers');
    return peers!.some((peer) => JSON.stringify(peer) === JSON.stringify(['::1', port]));
  }, 'libtorrent finds the peer that we announced');

  const stored = await searcher.dht!.put(encodeBencode('over six'));
  assert.ok(stored.nodes >= 4, `${stored.nodes} nodes took it`);
  assert.equal((await theirs.ask(`get ${stored.target}`, 'value')).value, 'over six');
  const target = await storedBy(theirs, 'from libtorrent');
  assert.deepEqual((await searcher.dht!.get(target))?.value, encodeBencode('from libtorrent'));
  // libtorrent answers whoever asks which torrents it knows of (BEP 51).
  const heard = new Set<string>();
  const sampled = await searcher.dht!.sample({
    nodes: 30,
    onSample: ({ infoHashes }) => {
      for (const hash of infoHashes) heard.add(hash);
    },
  });
  assert.ok(sampled.answered >= 10 && heard.has(infoHash), `${JSON.stringify(sampled)} told ${[...heard]}`);
});

test('to libtorrent a client with three addresses is three nodes (BEP 45)', { timeout: 120_000 }, async (t) => {
  if (missing(t)) return;
  const workspace = await Workspace.open(t);
  const theirs = await DhtProgram.libtorrent(workspace, 1);
  const before = process.env['MILLRACE_DATA_DIR'];
  process.env['MILLRACE_DATA_DIR'] = path.join(workspace.path, 'many');
  const addresses = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];
  const nodes = [{ host: '127.0.0.1', port: theirs.ports[0]! }];
  const client = new Client({ memoryBytes: 4 * MIB, diskWorkers: 1, lsd: false, dht: { nodes, addresses } });
  t.after(async () => {
    await client.close();
    if (before === undefined) delete process.env['MILLRACE_DATA_DIR'];
    else process.env['MILLRACE_DATA_DIR'] = before;
  });
  await client.listen();
  const known = async (): Promise<number> => ((await theirs.ask('nodes', 'nodes')).nodes as readonly number[])[0]!;
  await until(async () => (await known()) === addresses.length, 'libtorrent knows a node at each address');
  const stored = await client.dht!.put(encodeBencode('from one of three'));
  assert.ok(stored.nodes >= 1);
  assert.equal((await theirs.ask(`get ${stored.target}`, 'value')).value, 'from one of three');
});

test('with --no-dht not one packet leaves, and with it the named node hears of us', { timeout: 60_000 }, async (t) => {
  const workspace = await Workspace.open(t);
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  t.after(() => void socket.close());
  await once(socket, 'listening');
  let packets = 0;
  socket.on('message', () => packets++);
  const node = ['--dht-node', `127.0.0.1:${socket.address().port}`];
  const link = `magnet:?xt=urn:btih:${'ab'.repeat(20)}&x.pe=127.0.0.1:${socket.address().port}`;
  const start = (...args: readonly string[]): Millrace =>
    new Millrace(workspace, [
      'get',
      link,
      '-o',
      workspace.path,
      '--listen',
      '127.0.0.1:0',
      ...node,
      ...args,
      '--utp',
      'off',
    ]);
  const without = start('--no-dht');
  await without.until(
    (event) => /one known peer does not answer/.test(event.stall?.message ?? ''),
    'a search without the DHT',
  );
  assert.equal(packets, 0);
  const within = start();
  await until(() => packets > 0, 'the node is asked');
  await Promise.all([without.stop(), within.stop()]);
});
