// Two homes, each behind a router that translates addresses and lets nobody in who was not written to first, and a host on the
// internet between them: five network namespaces. Nothing that happens there is seen elsewhere. Needs the rights of root.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { pauseMs } from './deadline.ts';
import type { Stoppable } from './workspace.ts';

const POLL_MS = 50;

/** As most routers do: the port stays the same where it is free, and what was not asked for is dropped without a word. */
const RULES = `table ip nat_pair {
  chain input { type filter hook input priority 0; policy accept; iifname "wan" ct state new drop; }
  chain forward { type filter hook forward priority 0; policy drop; iifname "lan" oifname "wan" ip daddr { 44.7.0.2, 44.7.1.2 } meta l4proto tcp counter; ct state established,related accept; iifname "lan" accept; }
  chain out { type nat hook postrouting priority 100; oifname "wan" masquerade; }
}
`;

/** Where programs run: commands are run there with `through` in front. */
interface Place {
  readonly through: readonly string[];
}

/** A home, and the address of the host in the middle on its router's line. */
interface Home extends Place {
  readonly middleAddress: string;
}

export class NatPair implements Stoppable {
  readonly homes: readonly [Home, Home];
  /** The host between them. */
  readonly middle: Place;
  readonly #id: string;

  private constructor(id: string) {
    this.#id = id;
    const through = (name: string): readonly string[] => ['ip', 'netns', 'exec', `mr-${id}-${name}`];
    const home = (at: number): Home => ({ through: through(`h${at}`), middleAddress: `44.7.${at}.1` });
    this.homes = [home(0), home(1)];
    this.middle = { through: through('m') };
  }

  /** `undefined` when this machine does not let us. */
  static async open(): Promise<NatPair | undefined> {
    const pair = new NatPair(randomBytes(3).toString('hex'));
    if (!pair.#build()) {
      await pair.stop();
      return undefined;
    }
    const all = ['h0', 'h1', 'r0', 'r1', 'm'];
    while (!all.every((name) => pair.#isReady(name))) await pauseMs(POLL_MS);
    return pair;
  }

  /** Puts a slow line with a queue (`tc tbf`) between a router and its home; false when this kernel has none. */
  slowDown(at: 0 | 1, ...limits: readonly string[]): boolean {
    const shape = ['tc', 'qdisc', 'add', 'dev', 'lan', 'root', 'tbf', ...limits];
    return ip('netns', 'exec', this.#name(`r${at}`), ...shape);
  }

  /** TCP packets that left a home for the other one's router, dropped there or not. */
  tcpToTheOther(from: 0 | 1): number {
    const command = ['netns', 'exec', this.#name(`r${from}`), 'nft', 'list', 'chain', 'ip', 'nat_pair', 'forward'];
    const { stdout } = spawnSync('ip', command, { encoding: 'utf8' });
    return Number(/counter packets (\d+)/.exec(stdout)?.[1]);
  }

  stop(): Promise<void> {
    for (const name of ['h0', 'h1', 'r0', 'r1', 'm']) ip('netns', 'delete', this.#name(name));
    return Promise.resolve();
  }

  #name(name: string): string {
    return `mr-${this.#id}-${name}`;
  }

  #build(): boolean {
    const middle = this.#add('m') && this.#forwards('m');
    return middle && [0, 1].every((at) => this.#buildHome(at));
  }

  #buildHome(at: number): boolean {
    const [home, router] = [`h${at}`, `r${at}`];
    return (
      this.#add(home) &&
      this.#add(router) &&
      this.#wire(home, 'lan', router, 'lan') &&
      this.#wire(router, 'wan', 'm', `wan${at}`) &&
      this.#address(home, 'lan', '192.168.7.2') &&
      this.#address(router, 'lan', '192.168.7.1') &&
      this.#address(router, 'wan', `44.7.${at}.2`) &&
      this.#address('m', `wan${at}`, `44.7.${at}.1`) &&
      ip('-n', this.#name(home), 'route', 'add', 'default', 'via', '192.168.7.1') &&
      ip('-n', this.#name(router), 'route', 'add', 'default', 'via', `44.7.${at}.1`) &&
      this.#forwards(router) &&
      this.#translates(router)
    );
  }

  #add(name: string): boolean {
    return ip('netns', 'add', this.#name(name)) && ip('-n', this.#name(name), 'link', 'set', 'lo', 'up');
  }

  #wire(a: string, as: string, b: string, bs: string): boolean {
    const peer = ['peer', 'name', bs, 'netns', this.#name(b)];
    return ip('link', 'add', as, 'netns', this.#name(a), 'type', 'veth', ...peer);
  }

  #address(name: string, device: string, address: string): boolean {
    const inside = (...args: readonly string[]): boolean => ip('-n', this.#name(name), ...args);
    return inside('addr', 'add', `${address}/24`, 'dev', device) && inside('link', 'set', device, 'up');
  }

  #forwards(name: string): boolean {
    return ip('netns', 'exec', this.#name(name), 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
  }

  #translates(name: string): boolean {
    const command = ['netns', 'exec', this.#name(name), 'nft', '-f', '-'];
    return spawnSync('ip', command, { input: RULES }).status === 0;
  }

  #isReady(name: string): boolean {
    const { stdout } = spawnSync('ip', ['-n', this.#name(name), 'link'], { encoding: 'utf8' });
    return !/state (DOWN|LOWERLAYERDOWN)/.test(stdout);
  }
}

function ip(...args: readonly string[]): boolean {
  return spawnSync('ip', args, { stdio: 'ignore' }).status === 0;
}
