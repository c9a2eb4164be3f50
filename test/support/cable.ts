// Two hosts on one cable: network namespaces of their own, joined by a pair of virtual interfaces. Nothing that happens
// there is seen elsewhere, and nothing from elsewhere is seen there. Needs the rights of root.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { pauseMs } from './deadline.ts';
import type { Stoppable } from './workspace.ts';

const POLL_MS = 50;

export type CableFamily = 4 | 6;

/** One end: commands are run there with `through` in front. */
export interface CableEnd {
  readonly address: string;
  readonly through: readonly string[];
}

export class Cable implements Stoppable {
  readonly ends: readonly [CableEnd, CableEnd];
  readonly #names: readonly string[];

  private constructor(names: readonly [string, string], family: CableFamily) {
    this.#names = names;
    const end = (at: 0 | 1): CableEnd => ({
      address: addressOf(family, at),
      through: ['ip', 'netns', 'exec', names[at]],
    });
    this.ends = [end(0), end(1)];
  }

  /** Joins two hosts that have addresses of this family alone; `undefined` when this machine does not let us. */
  static async open(family: CableFamily): Promise<Cable | undefined> {
    const id = randomBytes(3).toString('hex');
    const names = [`mr-${id}-a`, `mr-${id}-b`] as const;
    const cable = new Cable([...names], family);
    const wired =
      names.every((name) => ip('netns', 'add', name)) &&
      ip('link', 'add', 'cable', 'netns', names[0], 'type', 'veth', 'peer', 'name', 'cable', 'netns', names[1]);
    const up = wired && names.every((name, at) => attach(name, family, at === 0 ? 0 : 1));
    if (!up) {
      cable.#remove();
      return undefined;
    }
    while (!names.every(isReady)) await pauseMs(POLL_MS);
    return cable;
  }

  stop(): Promise<void> {
    this.#remove();
    return Promise.resolve();
  }

  #remove(): void {
    for (const name of this.#names) ip('netns', 'delete', name);
  }
}

function attach(name: string, family: CableFamily, at: 0 | 1): boolean {
  const cidr = family === 4 ? `${addressOf(4, at)}/24` : `${addressOf(6, at)}/64`;
  const inside = (...args: readonly string[]): boolean => ip('-n', name, ...args);
  // Without waiting for somebody else to claim the same address.
  const quick = family === 6 ? ['nodad'] : [];
  return (
    inside('link', 'set', 'lo', 'up') &&
    inside('addr', 'add', cidr, 'dev', 'cable', ...quick) &&
    inside('link', 'set', 'cable', 'up') &&
    (family === 6 || inside('route', 'add', 'default', 'dev', 'cable'))
  );
}

/** The other end is there, and its addresses are nobody else's. */
function isReady(name: string): boolean {
  const { stdout } = spawnSync('ip', ['-n', name, 'addr', 'show', 'dev', 'cable'], { encoding: 'utf8' });
  return stdout.includes('state UP') && stdout.includes('inet6 fe80') && !stdout.includes('tentative');
}

function addressOf(family: CableFamily, at: 0 | 1): string {
  return family === 4 ? `10.77.0.${at + 1}` : `fd77::${at + 1}`;
}

function ip(...args: readonly string[]): boolean {
  return spawnSync('ip', args, { stdio: 'ignore' }).status === 0;
}
