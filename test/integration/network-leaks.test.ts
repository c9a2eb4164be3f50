// Nothing goes past the proxy. The program runs with all that it can do at once, over names that nobody but the proxy knows,
// and the kernel is asked what every thread of it connected to, sent to, bound and listened on: whatever is not the proxy,
// a look-up of a name included, is a leak.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { createTorrent, magnetLink } from '#src/client/index.ts';
import { HttpProxy } from '#src/testing/proxy/http-proxy.ts';
import { Socks5Proxy } from '#src/testing/proxy/socks5-proxy.ts';
import { HttpTracker } from '#src/testing/tracker/http-tracker.ts';
import { UdpTracker } from '#src/testing/tracker/udp-tracker.ts';
import { FileServer } from '#src/testing/webseed/file-server.ts';
import { skipAloud } from '../support/available.ts';
import { ClientBench, until } from '../support/client-bench.ts';
import { Millrace } from '../support/millrace.ts';
import { callsIn, canWatch, type SocketCall, watching } from '../support/socket-watch.ts';
import { Workspace } from '../support/workspace.ts';

/** The machine may be ten times slower than usual. */
const PATIENCE_MS = 180_000;
const HOSTS = ['web.test', 'secure.test', 'tracker.test', 'router.test', 'peer.test', 'seed.test'];
const NAMES: Readonly<Record<string, string>> = Object.fromEntries(HOSTS.map((host) => [host, '127.0.0.1']));

/** Everybody that a client can have to do with, on this machine. */
interface World {
  readonly bench: ClientBench;
  readonly workspace: Workspace;
  /** The certificate of `secure.test`. */
  readonly cert: string;
  readonly ports: Readonly<Record<'web' | 'secure' | 'http' | 'udp' | 'router' | 'peer', number>>;
  /** A torrent that names them all, at hosts that `rename` makes of theirs; what to call `get` with. */
  command(kind: 'url' | 'magnet', rename: (host: string) => string): Promise<readonly string[]>;
}

async function worldOf(t: TestContext): Promise<World | undefined> {
  const workspace = await Workspace.open(t);
  const bench = await ClientBench.open(t);
  const [key, cert] = [path.join(workspace.path, 'key.pem'), path.join(workspace.path, 'cert.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const subject = ['-subj', '/CN=secure.test', '-addext', 'subjectAltName=DNS:secure.test,IP:127.0.0.1'];
  const made = spawnSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...subject]);
  if (made.status !== 0 && skipAloud(t, 'openssl is not installed')) return undefined;

  await bench.payload('set', { 'a.bin': 3_000_000, 'b/c.bin': 1_000_000 });
  const [http, udp] = [new HttpTracker(), new UdpTracker()];
  await Promise.all([http.listen('127.0.0.1', 0), udp.listen('127.0.0.1', 0)]);
  const files = await bench.contents('seed');
  const tls = { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
  const [web, secure] = [new FileServer(files), new FileServer(files, undefined, tls)];
  await Promise.all([web.listen(), secure.listen()]);
  t.after(() => Promise.all([http.close(), udp.close(), web.stop(), secure.stop()]));
  const portOf = (url: string): number => Number(new URL(url).port);
  const router = bench.client({ dht: { nodes: [] } });
  const node = (await router.listen())!;
  let torrentFile: Uint8Array = new Uint8Array(0);
  const torrentServer = createServer((_request, response) => response.end(torrentFile));
  torrentServer.listen(0, '127.0.0.1');
  await once(torrentServer, 'listening');
  t.after(() => torrentServer.close());
  const { metainfo: own } = await createTorrent(bench.path('seed', 'set'), {
    pieceBytes: 32_768,
    tiers: [[http.announceUrl], [udp.announceUrl]],
  });
  const seed = await bench.seed(own, {}, { dht: { nodes: [node] } });
  const ports = {
    web: portOf(web.url),
    secure: portOf(secure.url),
    http: portOf(http.announceUrl),
    udp: portOf(udp.announceUrl.replace('udp:', 'http:')),
    router: node.port,
    peer: seed.address.port,
  };
  return {
    bench,
    workspace,
    cert,
    ports,
    command: async (kind, rename) => {
      const [tracker, peer] = [rename('tracker.test'), rename('peer.test')];
      const { bytes, metainfo } = await createTorrent(bench.path('seed', 'set'), {
        pieceBytes: 32_768,
        tiers: [[`http://${tracker}:${ports.http}/announce`], [`udp://${tracker}:${ports.udp}/announce`]],
        webSeeds: [`http://${rename('web.test')}:${ports.web}/`, `https://${rename('secure.test')}:${ports.secure}/`],
      });
      torrentFile = bytes;
      const { port } = torrentServer.address() as AddressInfo;
      // Links of ours name no web seeds; those of others do.
      const seeds = metainfo.webSeeds.map((url) => `&ws=${encodeURIComponent(url)}`).join('');
      const source =
        kind === 'magnet' ? magnetLink(metainfo) + seeds : `http://${rename('web.test')}:${port}/set.torrent`;
      const others = ['--peer', `${peer}:${ports.peer}`, '--dht-node', `${rename('router.test')}:${ports.router}`];
      return ['get', source, '-o', bench.path(`get-${kind}`), ...others, '--allow-local', '--seed', '--down', '2MB'];
    },
  };
}

/** Runs the program until `enough`, and returns what it asked the kernel for. */
async function watch(world: World, args: readonly string[], enough: () => boolean): Promise<readonly SocketCall[]> {
  const file = path.join(world.workspace.path, `calls-${args.length}-${Date.now()}`);
  // Behind a proxy no gateway is asked, though nothing else keeps this run from it.
  const gateways = args.includes('--proxy') ? ['-u', 'MILLRACE_NO_NAT'] : [];
  const through = ['env', ...gateways, `NODE_EXTRA_CA_CERTS=${world.cert}`, ...watching(file)];
  const run = new Millrace(world.workspace, args, through);
  await run.until(({ event }) => event === 'done', 'the download');
  await until(enough, 'everybody is asked');
  run.interrupt();
  await run.outcome(PATIENCE_MS);
  return await callsIn(file);
}

const local = (port: number): string => `127.0.0.1:${port}`;

/** Calls that are none of a program that goes out through this proxy alone. */
function leaks(calls: readonly SocketCall[], proxyPorts: Iterable<number>): string[] {
  const proxy = new Set(Array.from(proxyPorts, local));
  const fine = ({ call, to }: SocketCall): boolean => {
    if (call === 'connect' || call === 'send') return proxy.has(to);
    return call === 'bind' && /^(?:0\.0\.0\.0|\[::\]|127\.0\.0\.1):0$/.test(to);
  };
  return calls.filter((call) => !fine(call)).map(({ line }) => line);
}

for (const [kind, source, extra] of [
  ['SOCKS5', 'url', []],
  ['SOCKS5', 'magnet', ['--utp', 'prefer']],
  ['SOCKS5', 'magnet', ['--net-threads', '2']],
  ['HTTP', 'url', []],
  ['HTTP', 'magnet', ['--net-threads', '2']],
] as const) {
  test(`${kind}: nothing goes past the proxy (${[source, ...extra].join(' ')})`, {
    timeout: PATIENCE_MS,
  }, async (t) => {
    if (!canWatch() && skipAloud(t, 'strace cannot watch programs here')) return;
    const world = await worldOf(t);
    if (world === undefined) return;
    const proxy =
      kind === 'SOCKS5' ? await Socks5Proxy.start({ names: NAMES }) : await HttpProxy.start({ names: NAMES });
    t.after(() => proxy.stop());
    const { ports } = world;
    const reached = (host: string, port: number): boolean =>
      proxy.connections.some((asked) => asked.host === host && asked.port === port);
    const sent = (port: number): boolean =>
      !(proxy instanceof Socks5Proxy) || proxy.packets.some((asked) => asked.port === port);
    const enough = (): boolean =>
      reached('tracker.test', ports.http) &&
      reached('peer.test', ports.peer) &&
      reached('web.test', ports.web) &&
      reached('secure.test', ports.secure) &&
      sent(ports.udp) &&
      sent(ports.router);
    const args = [...(await world.command(source, (host) => host)), '--proxy', proxy.url, ...extra];
    const calls = await watch(world, args, enough);
    const relays = proxy instanceof Socks5Proxy ? proxy.everyRelayPort : [];
    assert.deepEqual(leaks(calls, [proxy.port, ...relays]), []);
    assert.ok(
      calls.some(({ call, to }) => call === 'connect' && to === local(proxy.port)),
      'the proxy was seen',
    );
  });
}

/** Calls that go out or come in past what all is bound to. */
function unbound(calls: readonly SocketCall[], addresses: readonly string[]): string[] {
  const isOurs = (at: string): boolean => addresses.some((address) => at.startsWith(`${address}:`));
  const fine = ({ call, from, to, line }: SocketCall): boolean => {
    // Where multicast is heard is no address of ours; what counts is the interface on which it is.
    if (call === 'bind')
      return isOurs(to) || /^(?:239\.192\.152\.143|\[ff15::efc0:988f\]):6771$/.test(to) || to === '[::]:0';
    if (call === 'join') return addresses.some((address) => line.includes(`"${address}"`)) || /ipv6mr/.test(line);
    if (call === 'send' && to.startsWith('[ff15::')) return from === '[::]:0';
    return isOurs(from);
  };
  return calls.filter((call) => !fine(call)).map(({ line }) => line);
}

for (const [bind, addresses, extra] of [
  ['127.0.0.1', ['127.0.0.1'], []],
  ['lo', ['127.0.0.1', '[::1]'], []],
  ['127.0.0.1', ['127.0.0.1'], ['--net-threads', '2']],
] as const) {
  const title = ['--bind', bind, ...extra].join(' ');
  test(`${title}: nothing leaves from anywhere else, nor comes in`, { timeout: PATIENCE_MS }, async (t) => {
    if (!canWatch() && skipAloud(t, 'strace cannot watch programs here')) return;
    const world = await worldOf(t);
    if (world === undefined) return;
    const { ports } = world;
    const rename = (host: string): string => (host === 'router.test' ? 'localhost' : '127.0.0.1');
    const args = [...(await world.command('url', rename)), '--bind', bind, '--peer', 'nobody.test:1', ...extra];
    const calls = await watch(world, args, () => true);
    assert.deepEqual(unbound(calls, addresses), []);
    const seen = (call: SocketCall['call'], port: number): boolean =>
      calls.some((one) => one.call === call && one.to.endsWith(`:${port}`));
    for (const way of ['web', 'http', 'peer'] as const) assert.ok(seen('connect', ports[way]), way);
    for (const way of ['udp', 'router'] as const) assert.ok(seen('send', ports[way]), way);
    assert.ok(
      calls.some(({ call }) => call === 'listen'),
      'a listening port',
    );
  });
}

test('without a proxy the same watch finds every one of these ways', { timeout: PATIENCE_MS }, async (t) => {
  if (!canWatch() && skipAloud(t, 'strace cannot watch programs here')) return;
  const world = await worldOf(t);
  if (world === undefined) return;
  const { ports } = world;
  const rename = (host: string): string => (host === 'router.test' ? 'localhost' : '127.0.0.1');
  const args = [...(await world.command('magnet', rename)), '--peer', 'nobody.test:1'];
  const calls = await watch(world, args, () => true);
  const seen = (call: SocketCall['call'], to: string): boolean =>
    calls.some((one) => one.call === call && one.to === to);
  for (const way of ['web', 'http', 'peer'] as const) assert.ok(seen('connect', local(ports[way])), way);
  for (const way of ['udp', 'router'] as const) assert.ok(seen('send', local(ports[way])), way);
  assert.ok(
    calls.some(({ call }) => call === 'listen'),
    'a listening port',
  );
  assert.ok(
    calls.some(({ call }) => call === 'join'),
    'local discovery',
  );
  assert.ok(
    calls.some(({ call, to }) => call === 'connect' && (to.endsWith(':53') || to.includes('nscd'))),
    'a name',
  );
});
