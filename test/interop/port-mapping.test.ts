// Peers on the internet get through a real router: miniupnpd opens the ports that we ask for by each of its protocols, over
// IPv4 and IPv6, for TCP and UDP, and closes them when we end. In network namespaces: nothing of it is seen elsewhere.
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { assertDownloaded } from '../support/compare.ts';
import {
  HOME,
  HOME_IPV6,
  HomeNetwork,
  type HomeNetworkOptions,
  INTERNET,
  ROUTER_OUTSIDE,
  type RouterProtocol,
} from '../support/home-network.ts';
import { type CliMapping, DOWNLOAD_TIMEOUT_MS, EXIT_INTERRUPTED, Millrace } from '../support/millrace.ts';
import { type Payload, singleFile, writePayload } from '../support/payload.ts';
import { KIB, makeTorrent, saveTorrent } from '../support/torrent-maker.ts';

const PORT = 16_881;
const TIMEOUT = { timeout: 150_000 };
const QUIET = ['--no-lsd', '--no-dht', '--no-pex'];
/** Other clients of the tests that download from there listen on this machine alone, and ask no router. */
const DOWNLOADER = [...QUIET, '--no-trackers', '--no-nat', '--listen', '0'];

interface Scene {
  readonly network: HomeNetwork;
  readonly payload: Payload;
  readonly file: string;
  readonly seeds: string;
}

async function scene(t: TestContext, options: HomeNetworkOptions): Promise<Scene | undefined> {
  const network = await HomeNetwork.open(t, options);
  if (network === undefined) return undefined;
  const payload = singleFile('from home.bin', 300_001, 5);
  const torrent = makeTorrent(payload, 64 * KIB, { announce: `http://${INTERNET}:8080/announce` });
  const seeds = await network.workspace.folder('seed');
  await writePayload(payload, seeds);
  return { network, payload, file: await saveTorrent(torrent, network.workspace.path), seeds };
}

function seed({ network, file, seeds }: Scene, ...more: readonly string[]): Millrace {
  const args = ['seed', file, '-d', seeds, ...QUIET, '--listen', `${PORT}`, ...more];
  return new Millrace(network.workspace, args, network.at('home'));
}

/** Waits until so many ports are told to be open. */
async function mapped(seeding: Millrace, count: number): Promise<readonly CliMapping[]> {
  const event = await seeding.until(({ mappings }) => mappings?.length === count, `${count} mappings`);
  return event.mappings!;
}

async function downloads({ network, file, payload }: Scene, from: string, ...more: readonly string[]): Promise<void> {
  const folder = await network.workspace.folder(`got ${from} ${more.join(' ')}`);
  const args = ['get', file, '-o', folder, ...DOWNLOADER, '--peer', from, ...more];
  await new Millrace(network.workspace, args, network.at('internet')).done();
  await assertDownloaded(payload, folder);
}

describe('a router', { concurrency: 3 }, () => {
  for (const speaks of ['pcp', 'nat-pmp', 'upnp'] as const satisfies readonly RouterProtocol[]) {
    test(`peers of the internet get through a router that speaks ${speaks}, until Ctrl-C`, TIMEOUT, async (t) => {
      const made = await scene(t, { speaks });
      if (made === undefined) return;
      const { network } = made;
      const seeding = seed(made, '--no-trackers');
      // NAT-PMP knows no IPv6, and this router then has no other way to open it.
      const count = speaks === 'nat-pmp' ? 2 : 4;
      const ports = await mapped(seeding, count);
      assert.ok(ports.every((one) => one.protocol === speaks && !one.doubleNat && one.externalPort === PORT));
      assert.ok(ports.filter(({ family }) => family === 4).every((one) => one.externalAddress === ROUTER_OUTSIDE));
      assert.deepEqual(new Set(ports.map(({ transport }) => transport)), new Set(['tcp', 'udp']));
      assert.equal(network.opened(), count);
      await downloads(made, `${ROUTER_OUTSIDE}:${PORT}`);
      if (count === 4) await downloads(made, `[${HOME_IPV6}]:${PORT}`);
      network.blockTcp();
      await downloads(made, `${ROUTER_OUTSIDE}:${PORT}`, '--utp', 'prefer');
      seeding.interrupt();
      assert.equal((await seeding.outcome()).code, EXIT_INTERRUPTED);
      assert.equal(network.opened(), 0, 'nothing stays open');
    });
  }

  for (const [name, options, taken] of [
    ['PCP', { speaks: 'pcp' }, true],
    ['NAT-PMP', { speaks: 'nat-pmp' }, true],
    ['UPnP, IGD 1', { speaks: 'upnp', igd: 1 }, true],
    ['UPnP, IGD 2, which picks one', { speaks: 'upnp', portsFrom: 20_000 }, false],
  ] as const satisfies readonly (readonly [string, HomeNetworkOptions, boolean])[]) {
    test(`a router that gives another port by ${name}: trackers and peers are told that one`, TIMEOUT, async (t) => {
      const made = await scene(t, options);
      if (made === undefined) return;
      if (taken) await made.network.occupy(PORT);
      const tracker = made.network.run('internet', 'python3', '-u', '-m', 'http.server', '8080', '--bind', INTERNET);
      const seeding = seed(made);
      const event = await seeding.until(
        ({ mappings = [] }) => mappings.filter(({ family }) => family === 4).length === 2,
        'both mappings of IPv4',
      );
      const [tcp, udp] = event.mappings!.filter(({ family }) => family === 4);
      assert.ok(tcp!.externalPort !== PORT && tcp!.externalPort === udp!.externalPort, JSON.stringify(event));
      const told = (line: string): true | undefined => line.includes(`&port=${tcp!.externalPort}&`) || undefined;
      await tracker.find(told, DOWNLOAD_TIMEOUT_MS, 'an announce of that port');
      await downloads(made, `${ROUTER_OUTSIDE}:${tcp!.externalPort}`);
    });
  }

  test('a router that loses its power opens the ports again', TIMEOUT, async (t) => {
    const made = await scene(t, { speaks: 'pcp' });
    if (made === undefined) return;
    const { network } = made;
    const seeding = seed(made, '--no-trackers');
    await mapped(seeding, 4);
    await network.untilRouterHasRun(8);
    await network.crashRouter();
    assert.equal(network.opened(), 0);
    await network.startRouter();
    await network.untilOpened(4);
    await downloads(made, `${ROUTER_OUTSIDE}:${PORT}`);
  });

  test('with --no-nat, and when we listen on this machine alone, no router is asked', TIMEOUT, async (t) => {
    const made = await scene(t, { speaks: 'pcp' });
    if (made === undefined) return;
    const { network } = made;
    for (const more of [['--no-nat'], ['--listen', '127.0.0.1:0']]) {
      const seeding = seed(made, '--no-trackers', ...more);
      await seeding.until(({ state }) => state === 'seeding', 'it seeds');
      seeding.interrupt();
      await seeding.outcome();
    }
    assert.equal(network.asked(), 0);
    const folder = await network.workspace.folder('got');
    const getting = new Millrace(
      network.workspace,
      ['get', made.file, '-o', folder, ...QUIET, '--no-trackers'],
      network.at('home'),
    );
    await mapped(getting, 4);
    getting.interrupt();
    assert.equal((await getting.outcome()).code, EXIT_INTERRUPTED);
    assert.ok(network.asked() > 0);
    assert.equal(network.opened(), 0, 'get takes its ports away, too');
  });

  test('what is bound to one address asks for that one alone', TIMEOUT, async (t) => {
    const made = await scene(t, { speaks: 'pcp' });
    if (made === undefined) return;
    const seeding = seed(made, '--no-trackers', '--bind', HOME);
    const ports = await mapped(seeding, 2);
    assert.deepEqual(
      ports.map(({ family }) => family),
      [4, 4],
    );
    await downloads(made, `${ROUTER_OUTSIDE}:${PORT}`);
    seeding.interrupt();
    await seeding.outcome();
    assert.equal(made.network.opened(), 0);
  });

  test('a router that is silent holds up neither start nor end, and nobody is bothered with it', TIMEOUT, async (t) => {
    const made = await scene(t, { speaks: 'pcp' });
    if (made === undefined) return;
    await made.network.crashRouter();
    const seeding = seed(made, '--no-trackers');
    await seeding.until(({ state }) => state === 'seeding', 'it seeds');
    seeding.interrupt();
    const { code, events } = await seeding.outcome();
    assert.equal(code, EXIT_INTERRUPTED);
    assert.ok(!events.some(({ event }) => event === 'warning'));
  });
});
