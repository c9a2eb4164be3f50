// A home, its router and the internet, in network namespaces of their own: the router translates IPv4, has a firewall for IPv6,
// and lets miniupnpd open ports. Nothing that happens there is seen elsewhere. Needs the rights of root.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { skipAloud, succeeds } from './available.ts';
import { pauseMs } from './deadline.ts';
import { Program } from './program.ts';
import { Workspace } from './workspace.ts';

const POLL_MS = 50;
const PATIENCE_MS = 60_000;
const DAEMON = 'miniupnpd';

/** The router's own address out there, and addresses of the others. */
export const ROUTER_OUTSIDE = '44.1.2.3';
export const INTERNET = '44.1.2.1';
export const HOME_IPV6 = '2a0f:77::2';
export const HOME = '192.168.77.2';
const ROUTER_INSIDE = '192.168.77.1';

/** What the router speaks; PCP and NAT-PMP are one in miniupnpd: one of them is then dropped on its way. */
export type RouterProtocol = 'pcp' | 'nat-pmp' | 'upnp';

export interface HomeNetworkOptions {
  readonly speaks: RouterProtocol;
  /** The version that the router calls itself by UPnP. */
  readonly igd?: 1 | 2;
  /** The lowest external port that the router gives. */
  readonly portsFrom?: number;
}

/** Passes on what is not for itself. */
const FORWARD = 'echo 1 > /proc/sys/net/ipv4/ip_forward && echo 1 > /proc/sys/net/ipv6/conf/all/forwarding';

/** No network, translation or firewall but this; ports are opened in the chains named after miniupnpd. */
const RULES = `table inet filter {
  chain input { type filter hook input priority 0; iifname "lan" udp dport { 1900, 5351 } counter; }
  chain forward { type filter hook forward priority 0; policy drop; ct state established,related accept; iifname "lan" accept; jump miniupnpd; }
  chain miniupnpd { }
  chain prerouting { type nat hook prerouting priority -100; jump prerouting_miniupnpd; }
  chain postrouting { type nat hook postrouting priority 100; jump postrouting_miniupnpd; oifname "wan" ip protocol { tcp, udp } masquerade; }
  chain prerouting_miniupnpd { }
  chain postrouting_miniupnpd { }
}`;

const NEIGHBOUR = '192.168.77.3';

/** Asks for a port by NAT-PMP (RFC 6886, 3.3): from, of whom, which. */
const OCCUPY = `
import socket, struct, sys
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asking.bind((sys.argv[1], 0))
asking.settimeout(1)
for opcode in (1, 2):
    for attempt in range(60):
        asking.sendto(struct.pack('>BBHHHI', 0, opcode, 0, int(sys.argv[3]), int(sys.argv[3]), 3600), (sys.argv[2], 5351))
        try:
            answer = asking.recv(16)
        except socket.timeout:
            continue
        assert answer[1] == 128 + opcode and answer[2:4] == bytes(2), answer
        break
    else:
        raise SystemExit(1)
`;

/** Chains that miniupnpd fills: IPv6 holes, translations, and the way back. */
const OPENED = ['miniupnpd', 'prerouting_miniupnpd', 'postrouting_miniupnpd'];

export class HomeNetwork {
  readonly workspace: Workspace;
  readonly #options: HomeNetworkOptions;
  readonly #names: { readonly home: string; readonly router: string; readonly internet: string };
  #daemon: Program | undefined;
  #startedMs = 0;

  private constructor(workspace: Workspace, options: HomeNetworkOptions) {
    this.workspace = workspace;
    this.#options = options;
    const id = randomBytes(3).toString('hex');
    this.#names = { home: `mr-${id}-h`, router: `mr-${id}-r`, internet: `mr-${id}-i` };
  }

  /** Builds one, with its router running; `undefined`, said aloud, when this machine does not let us. */
  static async open(t: TestContext, options: HomeNetworkOptions): Promise<HomeNetwork | undefined> {
    if (!succeeds(DAEMON, ['--version']) || !succeeds('nft', ['--version'])) {
      skipAloud(t, 'miniupnpd or nft is not installed');
      return undefined;
    }
    const workspace = await Workspace.open(t);
    const network = new HomeNetwork(workspace, options);
    workspace.own({ stop: () => network.#remove() });
    if (!(await network.#build())) {
      skipAloud(t, 'this machine makes no network namespaces with a translation (needs root, iproute2 and nftables)');
      return undefined;
    }
    await network.startRouter();
    return network;
  }

  /** Commands with these words in front are run there. */
  at(place: 'home' | 'internet'): readonly string[] {
    // Here there is a router of our own to talk to.
    return ['ip', 'netns', 'exec', this.#names[place], 'env', '-u', 'MILLRACE_NO_NAT'];
  }

  /** Starts miniupnpd, which remembers nothing of before. */
  async startRouter(): Promise<void> {
    const { speaks, portsFrom = 1024, igd = 2 } = this.#options;
    const file = path.join(this.workspace.path, 'miniupnpd.conf');
    const lines = [
      'ext_ifname=wan',
      'ext_ifname6=wan',
      'listening_ip=lan',
      'http_port=0',
      'enable_natpmp=yes',
      `enable_upnp=${speaks === 'upnp' ? 'yes' : 'no'}`,
      'secure_mode=yes',
      'min_lifetime=20',
      'uuid=b55a5a94-5216-45bd-90e3-ac617a0a373a',
      `force_igd_desc_v1=${igd === 1 ? 'yes' : 'no'}`,
      `allow ${portsFrom}-65535 192.168.77.0/24 1024-65535`,
      'deny 0-65535 0.0.0.0/0 0-65535',
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    const pid = path.join(this.workspace.path, 'miniupnpd.pid');
    const args = ['netns', 'exec', this.#names.router, DAEMON, '-d', '-f', file, '-P', pid];
    this.#daemon = this.workspace.own(new Program('ip', args));
    this.#startedMs = performance.now();
    await until(() => this.#listens(), 'the router to start');
  }

  /** Waits until the router's time tells a new start from a packet that was late: that takes seconds (RFC 6887, 8.5). */
  async untilRouterHasRun(seconds: number): Promise<void> {
    await until(() => performance.now() - this.#startedMs > seconds * 1000, 'the time to pass');
  }

  /** The router loses its power, and with it everything that was opened. */
  async crashRouter(): Promise<void> {
    this.#daemon?.signal('SIGKILL');
    await this.#daemon?.ended;
    for (const chain of OPENED) this.#nft(`flush chain inet filter ${chain}`);
  }

  /** Somebody else at home has this port, for TCP and UDP: they asked by NAT-PMP. */
  async occupy(port: number): Promise<void> {
    ip('-n', this.#names.home, 'addr', 'add', `${NEIGHBOUR}/24`, 'dev', 'lan');
    const asked = this.run('home', 'python3', '-c', OCCUPY, NEIGHBOUR, ROUTER_INSIDE, `${port}`);
    const { code } = await asked.wait(PATIENCE_MS);
    if (code !== 0) throw new Error(`the neighbour got no port: ${asked.errors.text}`);
  }

  /** Nothing but UDP gets through to the home any more. */
  blockTcp(): void {
    this.#nft('insert rule inet filter forward meta l4proto tcp drop');
  }

  /** How many ports the router has opened, over both families. */
  opened(): number {
    const rules = OPENED.slice(0, 2).map((chain) => this.#nft(`list chain inet filter ${chain}`));
    // A translation has a rule in the filter, too: only those of IPv6 count there.
    const [filter = '', translations = ''] = rules;
    const holes = filter.split('\n').filter((line) => line.includes('accept') && line.includes('128 0x'));
    return holes.length + translations.split('\n').filter((line) => line.includes('dnat')).length;
  }

  /** Waits until so many ports are open. */
  async untilOpened(count: number): Promise<void> {
    await until(() => this.opened() === count, `${count} open ports`);
  }

  /** Packets to the router that ask for ports, or for a router. */
  asked(): number {
    return Number(/packets (\d+)/.exec(this.#nft('list chain inet filter input'))?.[1]);
  }

  /** Runs a program out there. */
  run(place: 'home' | 'internet', ...command: readonly string[]): Program {
    const [first = '', ...before] = this.at(place);
    return this.workspace.own(new Program(first, [...before, ...command]));
  }

  async #build(): Promise<boolean> {
    const { home, router, internet } = this.#names;
    const all = [home, router, internet];
    const wired =
      all.every((name) => ip('netns', 'add', name) && ip('-n', name, 'link', 'set', 'lo', 'up')) &&
      wire(home, router, 'lan') &&
      wire(router, internet, 'wan') &&
      address(home, 'lan', `${HOME}/24`, `${HOME_IPV6}/64`) &&
      address(router, 'lan', `${ROUTER_INSIDE}/24`, '2a0f:77::1/64') &&
      address(router, 'wan', `${ROUTER_OUTSIDE}/24`, '2a0f:88::3/64') &&
      address(internet, 'wan', `${INTERNET}/24`, '2a0f:88::1/64') &&
      ip('-n', internet, '-6', 'route', 'add', '2a0f:77::/64', 'via', '2a0f:88::3') &&
      ip('-n', router, 'route', 'add', 'default', 'via', INTERNET) &&
      ip('-n', home, 'route', 'add', 'default', 'via', ROUTER_INSIDE) &&
      this.#inRouter('sh', '-c', FORWARD) !== undefined &&
      this.#nft(RULES) !== '';
    if (!wired) return false;
    await until(() => all.every(isReady), 'addresses of its own for everybody');
    if (!this.#routeIpv6()) return false;
    const { speaks } = this.#options;
    // The first byte of a packet is the version: 2 of PCP, 0 of NAT-PMP.
    if (speaks === 'nat-pmp') this.#nft('insert rule inet filter input udp dport 5351 @th,64,8 2 drop');
    // The neighbour may ask by NAT-PMP all the same.
    if (speaks === 'upnp') {
      this.#nft('insert rule inet filter input meta nfproto ipv6 udp dport 5351 reject');
      this.#nft(`insert rule inet filter input ip saddr != ${NEIGHBOUR} udp dport 5351 reject`);
    }
    return true;
  }

  /** As routers announce themselves: by their address on the link. */
  #routeIpv6(): boolean {
    const { home, router } = this.#names;
    const { stdout } = spawnSync('ip', ['-n', router, '-6', 'addr', 'show', 'dev', 'lan'], { encoding: 'utf8' });
    const link = /inet6 (fe80[0-9a-f:]+)/.exec(stdout)?.[1];
    return link !== undefined && ip('-n', home, '-6', 'route', 'add', 'default', 'via', link, 'dev', 'lan');
  }

  #listens(): boolean {
    if (this.#options.speaks === 'upnp') return this.#inRouter('ss', '-Hlun', 'sport = :1900') !== '';
    return this.#inRouter('ss', '-Hlun', 'sport = :5351') !== '';
  }

  #nft(command: string): string {
    const { router } = this.#names;
    const ran = spawnSync('ip', ['netns', 'exec', router, 'nft', '-f', '-'], { input: command, encoding: 'utf8' });
    return ran.status === 0 ? `${ran.stdout}\n` : '';
  }

  #inRouter(...command: readonly string[]): string | undefined {
    const ran = spawnSync('ip', ['netns', 'exec', this.#names.router, ...command], { encoding: 'utf8' });
    return ran.status === 0 ? ran.stdout.trim() : undefined;
  }

  #remove(): Promise<void> {
    for (const name of Object.values(this.#names)) ip('netns', 'delete', name);
    return Promise.resolve();
  }
}

/** Foreign programs have no events to await. */
async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let left = PATIENCE_MS; !isSo(); left -= POLL_MS) {
    if (left <= 0) throw new Error(`gave up waiting for ${what}`);
    await pauseMs(POLL_MS);
  }
}

function wire(a: string, b: string, name: string): boolean {
  return ip('link', 'add', name, 'netns', a, 'type', 'veth', 'peer', 'name', name, 'netns', b);
}

function address(place: string, device: string, ...cidrs: readonly string[]): boolean {
  const inside = (...args: readonly string[]): boolean => ip('-n', place, ...args);
  // Without waiting for somebody else to claim the same address.
  const all = cidrs.every((cidr) =>
    inside('addr', 'add', cidr, 'dev', device, ...(cidr.includes(':') ? ['nodad'] : [])),
  );
  return all && inside('link', 'set', device, 'up');
}

/** Addresses are nobody else's. */
function isReady(place: string): boolean {
  const { stdout } = spawnSync('ip', ['-n', place, 'addr'], { encoding: 'utf8' });
  return stdout.includes('inet6 fe80') && !stdout.includes('tentative');
}

function ip(...args: readonly string[]): boolean {
  return spawnSync('ip', args, { stdio: 'ignore' }).status === 0;
}
