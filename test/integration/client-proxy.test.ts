// Whole clients behind proxies: peers, trackers, web seeds, the DHT and uTP, names that only the proxy can resolve, and what
// becomes of it all when the proxy is down, refuses, or is none.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import {
  type AddOptions,
  type Client,
  type ClientOptions,
  type Metainfo,
  magnetLink,
  resolveSource,
  scrapeTrackers,
  type Torrent,
} from '#src/client/index.ts';
import { HttpProxy } from '#src/testing/proxy/http-proxy.ts';
import { type Socks5Behaviour, Socks5Proxy } from '#src/testing/proxy/socks5-proxy.ts';
import { HttpTracker } from '#src/testing/tracker/http-tracker.ts';
import { UdpTracker } from '#src/testing/tracker/udp-tracker.ts';
import { ClientBench, until, within } from '../support/client-bench.ts';
import { WebSeedScene } from '../support/web-seed-scene.ts';

const PATIENCE_MS = 60_000;
const FILES = { 'a.bin': 700_000, 'b.bin': 300_000 };

/** Nobody but the proxy knows where these lead. */
const NAMES: Readonly<Record<string, string>> = {
  'peer.test': '127.0.0.1',
  'tracker.test': '127.0.0.1',
  'router.test': '127.0.0.1',
  'web.test': '127.0.0.1',
};

type Proxy = Socks5Proxy | HttpProxy;

async function proxyOf(t: TestContext, kind: 'SOCKS5' | 'HTTP', behaviour: Socks5Behaviour = {}): Promise<Proxy> {
  const all = { names: NAMES, ...behaviour };
  const proxy = kind === 'SOCKS5' ? await Socks5Proxy.start(all) : await HttpProxy.start(all);
  t.after(() => proxy.stop());
  return proxy;
}

interface Behind {
  readonly client: Client;
  readonly torrent: Torrent;
  readonly warnings: { readonly code: string; readonly message: string }[];
}

/** A download of a client behind a proxy. */
async function behind(bench: ClientBench, source: Metainfo, add: AddOptions, options: ClientOptions): Promise<Behind> {
  const client = bench.client({ listen: false, dht: false, utp: 'off', ...options });
  const warnings: { code: string; message: string }[] = [];
  client.on('warning', (warning) => warnings.push(warning));
  const torrent = await client.add(source, { directory: bench.path('get'), ...add });
  torrent.on('warning', (warning) => warnings.push(warning));
  return { client, torrent, warnings };
}

/** A seed that has announced itself to a tracker, and its torrent with a name for the tracker that the proxy alone knows. */
async function seedAt(
  t: TestContext,
  tracker: HttpTracker | UdpTracker,
): Promise<{ bench: ClientBench; named: Metainfo }> {
  const bench = await ClientBench.open(t);
  await tracker.listen('127.0.0.1', 0);
  t.after(() => tracker.close());
  const metainfo = await bench.payload('set', FILES, { tiers: [[tracker.announceUrl]] });
  await bench.seed(metainfo);
  await until(() => tracker.announces.length === 1, 'the seed announces itself');
  return { bench, named: { ...metainfo, tiers: [[tracker.announceUrl.replace('127.0.0.1', 'tracker.test')]] } };
}

const stalls = (torrent: Torrent, code: string) =>
  until(() => torrent.progress().stall?.code === code, `a stall ${code}`);

for (const kind of ['SOCKS5', 'HTTP'] as const) {
  test(`${kind}: a peer is reached by a name that the proxy alone knows, and blocks land where they belong`, {
    timeout: PATIENCE_MS,
  }, async (t) => {
    const bench = await ClientBench.open(t);
    const metainfo = await bench.payload('set', FILES);
    const seed = await bench.seed(metainfo);
    const proxy = await proxyOf(t, kind, { drips: true });
    const peers = [{ host: 'peer.test', port: seed.address.port }];
    const { client, torrent } = await behind(bench, metainfo, { peers }, { proxy: proxy.url });
    await within(torrent.completed(), 'the download', PATIENCE_MS);
    assert.deepEqual(await bench.contents('get'), await bench.contents('seed'));
    assert.deepEqual(proxy.connections, [{ host: 'peer.test', port: seed.address.port }]);
    const { placedBytes, copiedBytes } = client.dataPath();
    assert.ok(placedBytes > 20 * copiedBytes, `${placedBytes} bytes were placed and ${copiedBytes} copied`);
  });

  test(`${kind}: encrypted links go through it as well, dialled again where plain words are refused`, {
    timeout: PATIENCE_MS,
  }, async (t) => {
    const bench = await ClientBench.open(t);
    const metainfo = await bench.payload('set', FILES);
    const seed = await bench.seed(metainfo, {}, { encryption: 'require' });
    const proxy = await proxyOf(t, kind, { credentials: { user: 'me', password: 'p:w@/ß' } });
    const url = proxy.url.replace('://', '://me:p%3Aw%40%2F%C3%9F@');
    const { torrent } = await behind(bench, metainfo, { peers: [seed.address] }, { proxy: url });
    await within(torrent.completed(), 'the download', PATIENCE_MS);
    assert.ok(proxy.connections.length >= 2);
  });

  test(`${kind}: an HTTP tracker is asked by its name, and told port 1`, { timeout: PATIENCE_MS }, async (t) => {
    const tracker = new HttpTracker();
    const { bench, named } = await seedAt(t, tracker);
    const proxy = await proxyOf(t, kind);
    // The tracker passes for one of the internet, and the seed is here.
    const options = { proxy: proxy.url, allowLocal: true };
    const { torrent, warnings } = await behind(bench, named, {}, options);
    await within(torrent.completed(), 'the download', PATIENCE_MS);
    assert.ok(proxy.connections.some(({ host }) => host === 'tracker.test'));
    assert.equal(tracker.announces[1]!.port, 1);
    assert.deepEqual(
      warnings.filter(({ code }) => code !== 'ERR_PROXY_UDP'),
      [],
    );
    const [scraped] = await scrapeTrackers(named, { proxy: proxy.url });
    assert.equal(scraped!.seeds, 1);
  });

  test(`${kind}: web seeds and torrent files come through it`, { timeout: PATIENCE_MS }, async (t) => {
    const scene = await WebSeedScene.open(t);
    const server = await scene.server();
    const proxy = await proxyOf(t, kind);
    const seeds = { webSeeds: [server.url.replace('127.0.0.1', 'web.test')] };
    const options = { listen: false, dht: false, utp: 'off', proxy: proxy.url } as const;
    await scene.finished(await scene.begin(seeds, {}, options), PATIENCE_MS);
    assert.ok(proxy.connections.every(({ host }) => host === 'web.test') && proxy.connections.length > 0);
    const files = createServer((_request, response) => response.end('d8:announce'));
    files.listen(0, '127.0.0.1');
    await new Promise((resolve) => files.once('listening', resolve));
    t.after(() => files.close());
    const { port } = files.address() as AddressInfo;
    const url = `http://web.test:${port}/x.torrent`;
    await assert.rejects(resolveSource(url, { proxy: proxy.url }), { code: 'ERR_BENCODE_TRUNCATED' });
    assert.deepEqual(proxy.connections.at(-1), { host: 'web.test', port });
  });

  test(`${kind}: a proxy that is down holds everything back, says so once, and is found again`, {
    timeout: PATIENCE_MS,
  }, async (t) => {
    const bench = await ClientBench.open(t);
    const metainfo = await bench.payload('set', FILES);
    const seed = await bench.seed(metainfo);
    const proxy = await proxyOf(t, kind);
    await proxy.stop();
    const { torrent, warnings } = await behind(bench, metainfo, { peers: [seed.address] }, { proxy: proxy.url });
    await stalls(torrent, 'no-way-out');
    assert.match(
      torrent.progress().stall!.message,
      /^nobody can be reached: the proxy \w+:\/\/127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED/,
    );
    await proxy.listen();
    await within(torrent.completed(), 'the download', PATIENCE_MS);
    const codes = warnings.map(({ code }) => code).filter((code) => code !== 'ERR_PROXY_UDP');
    assert.deepEqual(codes, ['ERR_PROXY_CONNECT']);
  });

  for (const [what, behaviour, code] of [
    ['wants another password', { credentials: { user: 'me', password: 'right' } }, 'ERR_PROXY_AUTH'],
    ['is none', { nonsense: Buffer.from('220 mail.test ESMTP\r\n') }, 'ERR_PROXY_REPLY'],
  ] as const) {
    test(`${kind}: a proxy that ${what} is said to be so, and nobody is blamed for it`, {
      timeout: PATIENCE_MS,
    }, async (t) => {
      const bench = await ClientBench.open(t);
      const metainfo = await bench.payload('set', FILES);
      const seed = await bench.seed(metainfo);
      const proxy = await proxyOf(t, kind, behaviour);
      const url = proxy.url.replace('://', '://me:secret-word@');
      const { torrent, warnings } = await behind(bench, metainfo, { peers: [seed.address] }, { proxy: url });
      await stalls(torrent, 'no-way-out');
      await until(() => warnings.some((warning) => warning.code === code), `a warning ${code}`);
      assert.ok(
        !JSON.stringify([warnings, torrent.progress()]).includes('secret-word'),
        'a password is told to nobody',
      );
      // Forgiven at once: the peer was not even tried.
      delete (proxy.behaviour as Socks5Behaviour).credentials;
      delete proxy.behaviour.nonsense;
      await within(torrent.completed(), 'the download', PATIENCE_MS);
    });
  }

  test(`${kind}: a target that the proxy cannot reach is that target's failure`, {
    timeout: PATIENCE_MS,
  }, async (t) => {
    const bench = await ClientBench.open(t);
    const metainfo = await bench.payload('set', FILES);
    const proxy = await proxyOf(t, kind, { refuses: kind === 'SOCKS5' ? 5 : 502 });
    const peers = [{ host: '127.0.0.1', port: 9 }];
    const { torrent, warnings } = await behind(bench, metainfo, { peers }, { proxy: proxy.url });
    await stalls(torrent, 'no-peers');
    assert.deepEqual(
      warnings.filter(({ code }) => code !== 'ERR_PROXY_UDP'),
      [],
    );
  });
}

test('SOCKS5: a UDP tracker is asked by its name over the relay', { timeout: PATIENCE_MS }, async (t) => {
  const tracker = new UdpTracker();
  const { bench, named } = await seedAt(t, tracker);
  const proxy = (await proxyOf(t, 'SOCKS5')) as Socks5Proxy;
  const options = { proxy: proxy.url, allowLocal: true };
  const { torrent } = await behind(bench, named, {}, options);
  await within(torrent.completed(), 'the download', PATIENCE_MS);
  assert.ok(proxy.packets.length >= 2 && proxy.packets.every(({ host }) => host === 'tracker.test'));
});

test('SOCKS5: a tracker of the internet cannot send us to this machine', { timeout: PATIENCE_MS }, async (t) => {
  const tracker = new HttpTracker();
  const { bench, named } = await seedAt(t, tracker);
  const proxy = (await proxyOf(t, 'SOCKS5')) as Socks5Proxy;
  const { torrent } = await behind(bench, named, {}, { proxy: proxy.url });
  await until(() => torrent.trackers().some(({ seeds }) => seeds === 1), 'the tracker has answered');
  await stalls(torrent, 'no-peers');
  assert.ok(proxy.connections.every(({ host }) => host === 'tracker.test'));
});

test('SOCKS5: uTP goes over the relay, whole downloads of it', { timeout: PATIENCE_MS }, async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', FILES);
  const seed = await bench.seed(metainfo);
  const proxy = (await proxyOf(t, 'SOCKS5')) as Socks5Proxy;
  const options = { proxy: proxy.url, utp: 'prefer' } as const;
  const { torrent } = await behind(bench, metainfo, { peers: [seed.address] }, options);
  await within(torrent.completed(), 'the download', PATIENCE_MS);
  assert.ok(proxy.packets.length > 10, `${proxy.packets.length} packets`);
  assert.deepEqual(proxy.connections, [], 'no TCP was needed');
});

test('SOCKS5: a magnet link needs nothing but the DHT, whose first node is a name', {
  timeout: PATIENCE_MS,
}, async (t) => {
  const bench = await ClientBench.open(t);
  const metainfo = await bench.payload('set', FILES);
  const first = bench.client({ dht: { nodes: [] } });
  const node = (await first.listen())!;
  const seed = await bench.seed(metainfo, {}, { dht: { nodes: [node] } });
  await until(() => first.dht!.status().storedPeers === 1, 'the seed has announced itself');
  const proxy = (await proxyOf(t, 'SOCKS5')) as Socks5Proxy;
  const router = { host: 'router.test', port: node.port };
  const client = bench.client({ listen: false, proxy: proxy.url, dht: { nodes: [router] } });
  const link = magnetLink({ ...metainfo, tiers: [] });
  const torrent = await within(client.add(link, { directory: bench.path('get') }), 'the metadata', PATIENCE_MS);
  await within(torrent.completed(), 'the download', PATIENCE_MS);
  assert.ok(proxy.packets.some(({ host }) => host === 'router.test'));
  assert.equal(first.dht!.status().storedPeers, 1, 'who cannot be reached does not announce himself');
  await seed.client.close();
});

test('SOCKS5: a relay that ends is asked for again, and nothing is sent meanwhile', {
  timeout: PATIENCE_MS,
}, async (t) => {
  const bench = await ClientBench.open(t);
  const first = bench.client({ dht: { nodes: [] } });
  const node = (await first.listen())!;
  const proxy = (await proxyOf(t, 'SOCKS5')) as Socks5Proxy;
  const client = bench.client({ listen: false, proxy: proxy.url, dht: { nodes: [node] } });
  await client.listen();
  await until(() => client.dht!.status().nodes === 1, 'a node is known');
  const [relay] = proxy.relayPorts;
  await proxy.stop();
  const heard = first.dht!.status().queriesReceived;
  // It waits until there is a relay again.
  const value = client.dht!.get('ab'.repeat(20));
  await proxy.listen();
  await until(() => proxy.relayPorts.some((port) => port !== relay), 'another relay');
  assert.equal(await within(value, 'the look-up ends', PATIENCE_MS), undefined);
  await until(() => first.dht!.status().queriesReceived > heard, 'the node hears us again');
});

for (const [kind, behaviour] of [
  ['HTTP', {}],
  ['SOCKS5', { tcpOnly: true }],
] as const) {
  test(`${kind} without UDP: one warning, no DHT, no uTP, and UDP trackers are not asked`, {
    timeout: PATIENCE_MS,
  }, async (t) => {
    const bench = await ClientBench.open(t);
    const tracker = new UdpTracker();
    await tracker.listen('127.0.0.1', 0);
    t.after(() => tracker.close());
    const metainfo = await bench.payload('set', FILES, { tiers: [[tracker.announceUrl]] });
    const seed = await bench.seed(metainfo, { trackers: false });
    const proxy = await proxyOf(t, kind, behaviour);
    const options = { proxy: proxy.url, dht: { nodes: [seed.address] }, utp: 'on' } as const;
    const { client, torrent, warnings } = await behind(bench, metainfo, {}, options);
    await until(() => torrent.trackers()[0]?.state === 'failing', 'the tracker cannot be asked');
    torrent.addPeer(seed.address);
    await within(torrent.completed(), 'the download', PATIENCE_MS);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['ERR_PROXY_UDP'],
    );
    assert.equal(tracker.announces.length, 0);
    assert.equal(client.dht?.status().packetsSent ?? 0, 0);
  });
}

test('the options that a proxy leaves no room for', async (t) => {
  const bench = await ClientBench.open(t);
  for (const proxy of [
    '',
    'localhost:1080',
    'ftp://x',
    'https://x:1',
    'socks5://',
    'socks4://x:1',
    'socks5://x:1/y',
    'socks5://x:0',
    'socks5://x:70000',
    'http://:pw@x:1',
    'socks5://%zz@x:1',
    `socks5://${'u'.repeat(256)}@x:1`,
  ]) {
    assert.throws(() => bench.client({ proxy }), { name: 'InputError', code: 'ERR_PROXY_URL' }, proxy);
  }
  for (const bind of ['', 'two words', 'a/b'])
    assert.throws(() => bench.client({ bind }), { code: 'ERR_CLIENT_OPTION' });
  const proxy = (await proxyOf(t, 'SOCKS5')) as Socks5Proxy;
  const client = bench.client({ listen: undefined as never, proxy: proxy.url, dht: false, utp: 'off' });
  assert.equal(await client.listen(), undefined, 'it does not listen');
  const asked = bench.client({ proxy: proxy.url, dht: false, utp: 'off' });
  assert.equal((await asked.listen())?.host, '127.0.0.1', 'unless it is told to');
});
