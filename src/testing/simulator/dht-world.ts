// A DHT of simulated nodes in virtual time: real engines over a network of packets, among them liars, and nodes that come
// and go. One seed replays a run.
import { type Random, randomBelow } from '../../base/clock.ts';
import { Dht } from '../../engine/dht/dht.ts';
import { type OwnAnnounce, peerSearch } from '../../engine/dht/dht-search.ts';
import type { VerifySignature } from '../../engine/dht/item-store.ts';
import { TICK_MS } from '../../engine/limits.ts';
import type { PeerAddress } from '../../engine/ports.ts';
import { ExternalAddress } from '../../engine/swarm/external-address.ts';
import { boundId } from '../../protocol/krpc/node-id.ts';
import { SeededRandom } from '../seeded-random.ts';
import { sha1 } from '../sha1.ts';
import { type DatagramHost, DatagramNetwork } from './datagram-network.ts';
import { DhtLiar } from './dht-liar.ts';
import { EventQueue } from './event-queue.ts';

export interface DhtWorldOptions {
  readonly seed: number;
  readonly nodes: number;
  /** Share of the nodes that lie, 0…1. */
  readonly liars: number;
  readonly lossShare: number;
  /** Of values that are stored. Default: nothing is signed rightly. */
  readonly verify?: VerifySignature;
}

/** A host and the node that it runs. */
export interface DhtResident {
  readonly address: PeerAddress;
  readonly host: DatagramHost;
  /** Absent: it lies. */
  readonly dht?: Dht;
}

/** What came of a search for peers. */
export interface FoundPeers {
  readonly peers: readonly PeerAddress[];
  readonly announced: number;
  /** Virtual time until the first peer was named, and until the search was over. */
  readonly firstMs: number | undefined;
  readonly totalMs: number;
}

const PORT = 6881;
/** Nodes that everybody knows to begin with, as public routers are known. */
const ROUTERS = 8;

export class DhtWorld {
  readonly queue: EventQueue = new EventQueue();
  readonly network: DatagramNetwork;
  readonly random: Random;
  readonly residents: DhtResident[] = [];
  readonly #options: DhtWorldOptions;

  constructor(options: DhtWorldOptions) {
    this.#options = options;
    this.random = new SeededRandom(options.seed);
    this.network = new DatagramNetwork(this.queue, this.random);
    this.network.troubles.lossShare = options.lossShare;
    this.network.troubles.delayMs = (from, to) => (delayOf(from) + delayOf(to)) / 2;
    for (let index = 0; index < options.nodes; index++) {
      // The routers are honest: everybody would be lost otherwise.
      const lies = index >= ROUTERS && this.random.next() < options.liars;
      // They come one after another, as nodes do.
      this.queue.plan(index < ROUTERS ? 0 : index * 5, () => this.enter(lies));
    }
  }

  get honest(): readonly DhtResident[] {
    return this.residents.filter(({ dht, host }) => dht !== undefined && host.online);
  }

  /** Somebody joins. */
  enter(lies = false): DhtResident {
    const address = this.#freshAddress();
    const host = this.network.host(address);
    const { queue, random } = this;
    const id = boundId(address.host, bytes(random, 20))!;
    if (lies) {
      const liar = { address, host };
      host.attach('krpc', new DhtLiar(host, id, random));
      this.residents.push(liar);
      return liar;
    }
    const dht = new Dht({
      clock: queue.clock,
      random,
      datagrams: host,
      sha1,
      verify: this.#options.verify ?? (() => false),
      external: new ExternalAddress(),
    });
    dht.restore({ 4: { id, nodes: [] } });
    for (let known = 0; known < 3; known++) {
      const router = this.residents[randomBelow(random, Math.min(ROUTERS, this.residents.length))];
      if (router !== undefined) dht.addNode(router.address);
    }
    const resident = { address, host, dht };
    this.residents.push(resident);
    queue.plan(randomBelow(random, TICK_MS), () => this.#tick(resident));
    return resident;
  }

  /** Somebody whose node is made by the caller; it runs from now on. */
  admit(resident: DhtResident): void {
    for (const { address } of this.residents.slice(0, ROUTERS)) resident.dht?.addNode(address);
    this.residents.push(resident);
    this.queue.plan(0, () => this.#tick(resident));
  }

  /** Somebody is gone, without a word. */
  leave(resident: DhtResident): void {
    resident.host.online = false;
    this.network.leave(resident.address);
    this.residents.splice(this.residents.indexOf(resident), 1);
  }

  /** Every second this share of the nodes goes, and as many come. */
  churn(sharePerSecond: number, untilMs: number): void {
    const change = (): void => {
      if (this.queue.nowMs >= untilMs) return;
      for (let count = this.#options.nodes * sharePerSecond; this.random.next() < count; count--) {
        const at = ROUTERS + randomBelow(this.random, this.residents.length - ROUTERS);
        this.leave(this.residents[at]!);
        this.enter(this.random.next() < this.#options.liars);
      }
      this.queue.plan(1000, change);
    };
    this.queue.plan(1000, change);
  }

  /** Somebody looks for the peers of a torrent; `told` hears of the outcome once. */
  findPeers(
    who: DhtResident,
    infoHash: Uint8Array,
    own: OwnAnnounce | undefined,
    told: (found: FoundPeers) => void,
  ): void {
    const startMs = this.queue.nowMs;
    const peers: PeerAddress[] = [];
    let firstMs: number | undefined;
    who.dht!.search(
      peerSearch(infoHash, own, {
        found: (some) => {
          firstMs ??= this.queue.nowMs - startMs;
          peers.push(...some);
        },
        done: (_, announced) => told({ peers, announced, firstMs, totalMs: this.queue.nowMs - startMs }),
      }),
    );
  }

  runFor(ms: number): void {
    this.queue.runUntil(this.queue.nowMs + ms);
  }

  #tick(resident: DhtResident): void {
    if (!resident.host.online) return;
    resident.dht!.tick();
    this.queue.plan(TICK_MS, () => this.#tick(resident));
  }

  /** Addresses of the internet, so that all rules for strangers are in force. */
  #freshAddress(): PeerAddress {
    for (;;) {
      const [a, b, c, d] = bytes(this.random, 4);
      const host = `${20 + (a! % 60)}.${b}.${c}.${1 + (d! % 250)}`;
      if (!this.residents.some(({ address }) => address.host === host)) return { host, port: PORT };
    }
  }
}

/** 10 to 150 ms, by address. */
function delayOf({ host }: PeerAddress): number {
  let sum = 0;
  for (let at = 0; at < host.length; at++) sum = (sum * 31 + host.charCodeAt(at)) % 997;
  return 10 + (sum % 140);
}

function bytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => randomBelow(random, 256));
}
