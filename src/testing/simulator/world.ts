// A world of hosts, each with a real engine, in virtual time. The same seed makes the same world do the same things.
import { type Random, randomBelow } from '../../base/clock.ts';
import { SeededRandom } from '../seeded-random.ts';
import { EventQueue } from './event-queue.ts';
import { type HostTraits, hostOptions } from './host-options.ts';
import { PrivacyWatch } from './privacy-watch.ts';
import type { Share } from './share.ts';
import { SharedTorrent, type TorrentShape } from './shared-torrent.ts';
import { TraceHash } from './trace-hash.ts';
import { VirtualHost } from './virtual-host.ts';
import { VirtualNetwork } from './virtual-network.ts';
import { VirtualTracker } from './virtual-tracker.ts';

/** How often the world looks whether something that it waits for has come about. */
const LOOK_MS = 100;

export class World {
  readonly seed: number;
  readonly random: Random;
  readonly queue: EventQueue = new EventQueue();
  readonly trace: TraceHash = new TraceHash();
  readonly network: VirtualNetwork;
  readonly tracker: VirtualTracker;
  readonly privacy: PrivacyWatch = new PrivacyWatch();
  readonly hosts: VirtualHost[] = [];
  readonly torrents: SharedTorrent[] = [];
  /** What engines that were shut down left behind. */
  readonly leftovers: string[] = [];
  /** The run is over and everybody is being shut down. */
  ending = false;
  /** What hosts are like where their scenario says nothing of it. */
  readonly #usual: HostTraits;
  readonly #watches: { readonly when: () => boolean; readonly act: () => void }[] = [];

  constructor(seed: number, usual: HostTraits = {}) {
    this.seed = seed;
    this.#usual = usual;
    this.random = new SeededRandom(Math.imul(seed, 0x9e3779b1) ^ 0x51ed270b);
    this.network = new VirtualNetwork(this.queue, this.random);
    this.tracker = new VirtualTracker(this.random);
  }

  get nowMs(): number {
    return this.queue.nowMs;
  }

  /** Every host's part in every torrent. */
  get shares(): Share[] {
    return this.hosts.flatMap(({ shares }) => shares);
  }

  /** A whole number in [least, most], drawn from the seed. */
  between(least: number, most: number): number {
    return least + randomBelow(this.random, most - least + 1);
  }

  /** True as often as this, drawn from the seed. */
  chance(chance: number): boolean {
    return this.random.next() < chance;
  }

  torrent(shape: TorrentShape): SharedTorrent {
    const torrent = new SharedTorrent(this.torrents.length, shape);
    this.torrents.push(torrent);
    if (torrent.private) this.privacy.guard(torrent.infoHash);
    return torrent;
  }

  /** A new host, running. */
  host(traits: HostTraits = {}): VirtualHost {
    const host = new VirtualHost(this.hosts.length, hostOptions({ ...this.#usual, ...traits }), this);
    this.hosts.push(host);
    this.network.join(host);
    host.start();
    return host;
  }

  /** Does this after so much time, unless the run is over by then. */
  later(delayMs: number, act: () => void): void {
    this.queue.plan(delayMs, () => {
      if (!this.ending) act();
    });
  }

  /** Does this as soon as that is so, once. */
  when(condition: () => boolean, act: () => void): void {
    this.#watches.push({ when: condition, act });
  }

  /** Shuts a host down in good order; what it leaves behind is a finding. */
  leave(host: VirtualHost): void {
    host.leave((leftovers) => this.leftovers.push(...leftovers));
  }

  /** A host that is gone comes back, unless the world is about to end. */
  comeBack(host: VirtualHost): boolean {
    if (this.ending || host.online) return false;
    host.start();
    return true;
  }

  /** Lets time pass until it is so; false when that was not before `deadlineMs`. */
  runUntil(done: () => boolean, deadlineMs: number): boolean {
    while (!done()) {
      if (this.nowMs >= deadlineMs) return false;
      this.queue.runUntil(Math.min(this.nowMs + LOOK_MS, deadlineMs));
      for (const watch of [...this.#watches]) {
        if (!watch.when()) continue;
        this.#watches.splice(this.#watches.indexOf(watch), 1);
        watch.act();
      }
    }
    return true;
  }
}
