// When a torrent looks for peers in the DHT, and tells it of itself (BEP 5): right away, now and then for as long as it
// runs, sooner while nobody was found; each in its turn among all torrents of the session. Private torrents have none of this
// (BEP 27).
import type { Clock, Random } from '../../base/clock.ts';
import type { Dht } from '../dht/dht.ts';
import { peerSearch } from '../dht/dht-search.ts';
import {
  DHT_ANNOUNCE_INTERVAL_MS,
  DHT_LONELY_INTERVAL_MAX_MS,
  DHT_LONELY_INTERVAL_MIN_MS,
  DHT_WANTING_INTERVAL_MS,
} from '../dht/limits.ts';
import type { PeerAddress } from '../ports.ts';
import type { Member } from '../session/member.ts';
import type { Standing } from '../torrent/announcing.ts';
import type { DhtAsking } from '../torrent/asking.ts';
import type { TorrentParts } from '../torrent/torrent-spec.ts';

/** What discovery works with. */
export interface DhtDiscoveryParts {
  readonly dht: Dht;
  readonly infoHash: Uint8Array;
  readonly clock: Clock;
  readonly random: Random;
  readonly found: (peers: readonly PeerAddress[]) => void;
  /** The next tick has something to do, perhaps sooner than was said. */
  readonly wake: () => void;
}

export class DhtDiscovery {
  readonly #parts: DhtDiscoveryParts;
  /** Absent: nothing is looked for now. */
  #cancel: (() => void) | undefined;
  #active = false;
  #sinceMs = Number.NEGATIVE_INFINITY;
  #dueMs = Number.NEGATIVE_INFINITY;
  #lonelyMs = DHT_LONELY_INTERVAL_MIN_MS;
  /** The turn that is booked for the search that is due, and as what. */
  #turn: { readonly atMs: number; readonly needPeers: boolean } | undefined;
  /** Peers were wanted when the search began. */
  #wanting = false;

  constructor(parts: DhtDiscoveryParts) {
    this.#parts = parts;
  }

  /** What the user may want to know while nothing is found. */
  get asking(): DhtAsking {
    const { nodes, nodes6 } = this.#parts.dht.status;
    const nextMs = this.nextDueMs();
    return { nodes: nodes + nodes6, searching: this.#cancel !== undefined, nextMs, sinceMs: this.#sinceMs };
  }

  start(): void {
    this.#active = true;
    this.#sinceMs = this.#parts.clock.nowMs();
    this.hurry();
  }

  /** The torrent is complete: those who look for seeds should hear of one more soon. */
  hurry(): void {
    this.#dueMs = Number.NEGATIVE_INFINITY;
  }

  /** We are forgotten by ourselves: the DHT has no word for leaving. */
  stop(): void {
    this.#active = false;
    this.#turn = undefined;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  nextDueMs(): number {
    if (!this.#active || this.#cancel !== undefined) return Number.POSITIVE_INFINITY;
    return Math.max(this.#dueMs, this.#turn?.atMs ?? Number.NEGATIVE_INFINITY);
  }

  /** Control tick: searches when it is time to. `port` is 0 when nobody can reach us. */
  tick(nowMs: number, needPeers: boolean, standing: () => Pick<Standing, 'port' | 'mappedPorts' | 'left'>): void {
    if (!this.#active || this.#cancel !== undefined || nowMs < this.#dueMs || !this.#isOurTurn(nowMs, needPeers))
      return;
    this.#turn = undefined;
    const { dht, infoHash, found } = this.#parts;
    const { port, left, mappedPorts = {} } = standing();
    const own = port > 0 ? { port, mappedPorts, seed: left === 0 } : undefined;
    this.#wanting = needPeers;
    const search = peerSearch(infoHash, own, { found, done: (count) => this.#done(count) });
    this.#cancel = dht.search({ patient: !needPeers, ...search });
  }

  /** Books a turn when none is, or when peers are wanted meanwhile: those who want some do not stand behind the others. */
  #isOurTurn(nowMs: number, needPeers: boolean): boolean {
    if (this.#turn === undefined || (needPeers && !this.#turn.needPeers)) {
      this.#turn = { atMs: this.#parts.dht.turns.book(nowMs, needPeers), needPeers };
    }
    return nowMs >= this.#turn.atMs;
  }

  #done(found: number): void {
    const { clock, random, wake } = this.#parts;
    this.#cancel = undefined;
    // Never all at once: a tenth sooner or later.
    const spread = 0.9 + random.next() * 0.2;
    this.#dueMs = clock.nowMs() + this.#restMs(found) * spread;
    wake();
  }

  #restMs(found: number): number {
    const lonely = this.#lonelyMs;
    this.#lonelyMs = found > 0 ? DHT_LONELY_INTERVAL_MIN_MS : Math.min(DHT_LONELY_INTERVAL_MAX_MS, lonely * 2);
    if (!this.#wanting) return DHT_ANNOUNCE_INTERVAL_MS;
    return found > 0 ? DHT_WANTING_INTERVAL_MS : lonely;
  }
}

/** A member's way of finding peers in the DHT; `undefined` when there is none, or the torrent is private. */
export function discoveryFor(
  member: Member,
  shared: Pick<TorrentParts, 'dht' | 'clock' | 'random' | 'wake'>,
  isPrivate: boolean,
): DhtDiscovery | undefined {
  const { dht, clock, random, wake } = shared;
  if (dht === undefined || isPrivate) return undefined;
  return new DhtDiscovery({
    dht,
    infoHash: member.infoHash,
    clock,
    random,
    found: (peers) => {
      for (const address of peers) member.swarm.candidates.add(address, 'dht');
      wake(member);
    },
    wake: () => wake(member),
  });
}
