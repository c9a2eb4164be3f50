// The distributed hash table (BEP 5): both address families, every address that we have in them (BEP 45), what is stored
// for others, and the searches that torrents ask for. Pure: packets, time and chance come from outside.
import type { Clock, Random } from '../../base/clock.ts';
import { decodeKrpc } from '../../protocol/krpc/krpc-decoder.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import type { DatagramPort, DatagramPorts, DatagramSink } from '../datagram-port.ts';
import { AnnouncePace } from '../discovery/announce-pace.ts';
import { type MappedPorts, portTowards } from '../portmap/own-ports.ts';
import type { PeerAddress } from '../ports.ts';
import { isLoopback } from '../swarm/address-scope.ts';
import { ExternalAddress } from '../swarm/external-address.ts';
import { Branch, type BranchParts, type OutsideView } from './branch.ts';
import type { DhtSearch } from './dht-search.ts';
import { type DhtState, encodeDhtState } from './dht-state.ts';
import { ItemStore, type VerifySignature } from './item-store.ts';
import { KeptItems } from './kept-items.ts';
import { NEEDY_SEARCHES_PER_SECOND, NODES_PER_ANSWER, OTHER_SEARCHES_PER_SECOND, SEARCH_BURST } from './limits.ts';
import { PeerStore } from './peer-store.ts';
import { QueryLimiter } from './query-limiter.ts';
import { endpointKey } from './routing-table.ts';
import { SampleSurveys } from './sample-surveys.ts';
import { SearchQueue } from './search-queue.ts';
import { WriteTokens } from './write-tokens.ts';

const FAMILIES: readonly AddressFamily[] = [4, 6];

/** How often what is stored is looked through for what is too old. */
const EXPIRY_INTERVAL_MS = 60_000;

/** One more address of ours (BEP 45): the socket that is bound to it. */
export interface DhtHome {
  readonly family: AddressFamily;
  readonly datagrams: DatagramPorts;
}

/** What a DHT is built on. */
export interface DhtParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly datagrams: DatagramPorts;
  /** Addresses beside the one of each family that `datagrams` has. Default: none. */
  readonly homes?: readonly DhtHome[];
  readonly sha1: (bytes: Uint8Array) => Uint8Array;
  readonly verify: VerifySignature;
  /** Answer no questions (BEP 43): for who cannot be reached, or will be gone soon. */
  readonly readOnly?: boolean;
  readonly refuses?: (host: string) => boolean;
  /** The UDP ports that gateways gave us. */
  readonly mappedPorts?: (() => MappedPorts) | undefined;
  /** Where our address is learnt, by more than the DHT. Other homes learn theirs from the nodes that they ask. */
  readonly external: OutsideView;
  /** Asks for the addresses of well-known nodes, which `addNode` is then to be told: nobody else has answered. */
  readonly askRouters?: () => void;
}

/** One address of our node. */
export interface DhtHomeStatus {
  /** Where its packets leave from, and how nodes see it: `undefined` until several agree. */
  readonly local: PeerAddress;
  readonly external: string | undefined;
  /** 20 bytes. */
  readonly id: Uint8Array;
  readonly nodes: number;
  readonly ready: boolean;
}

/** What there is to see of the DHT. */
export interface DhtStatus {
  /** Nodes that we know to answer, of IPv4 and of IPv6. */
  readonly nodes: number;
  readonly nodes6: number;
  /** Enough of them are known for searches to begin. */
  readonly ready: boolean;
  /** What is stored for others: torrents, their peers, and values. */
  readonly storedTorrents: number;
  readonly storedPeers: number;
  readonly storedItems: number;
  /** Values of our own that are put again before nodes forget them. */
  readonly keptItems: number;
  /** Searches that run, and that wait for their turn or for the first nodes. */
  readonly searches: number;
  readonly waiting: number;
  /** Questions of others, and what was sent in all, in packets and bytes. */
  readonly queriesReceived: number;
  readonly packetsSent: number;
  readonly bytesSent: number;
}

export class Dht {
  readonly #parts: DhtParts;
  readonly #mains: Readonly<Record<AddressFamily, Branch>>;
  /** Those of the session's sockets first. */
  readonly #branches: readonly Branch[];
  readonly #peers: PeerStore;
  readonly #items: ItemStore;
  readonly #tokens: WriteTokens;
  readonly #limiter = new QueryLimiter();
  /** When torrents may begin their searches: whoever waits for his turn is not among those that wait here. */
  readonly turns: AnnouncePace = new AnnouncePace({
    burst: SEARCH_BURST,
    needyPerSecond: NEEDY_SEARCHES_PER_SECOND,
    othersPerSecond: OTHER_SEARCHES_PER_SECOND,
  });
  readonly #searches: SearchQueue;
  /** Asks nodes which torrents they know of (BEP 51). */
  readonly surveys: SampleSurveys;
  /** Values that are kept alive. */
  readonly kept: KeptItems;
  #expireMs = Number.NEGATIVE_INFINITY;
  #queriesReceived = 0;
  #packetsSent = 0;
  #bytesSent = 0;
  #closed = false;

  constructor(parts: DhtParts) {
    this.#parts = parts;
    const { clock, random, sha1, verify, datagrams, homes = [] } = parts;
    this.#peers = new PeerStore(sha1, random);
    this.#items = new ItemStore(sha1, verify);
    this.#tokens = new WriteTokens(sha1, random, clock.nowMs());
    const port = datagrams.attach(
      'krpc',
      this.#sink((from) => this.#mains[from.host.includes(':') ? 6 : 4]),
    );
    this.#mains = { 4: this.#branch(4, port, parts.external), 6: this.#branch(6, port, parts.external) };
    this.#branches = [this.#mains[4], this.#mains[6], ...homes.map((home) => this.#home(home))];
    this.#searches = new SearchQueue(clock, this.#branches);
    this.surveys = new SampleSurveys({ clock, random, branches: this.#branches });
    this.kept = new KeptItems({ clock, random, checks: { sha1, verify }, search: (search) => this.search(search) });
  }

  get status(): DhtStatus {
    const nodes = (family: AddressFamily): number =>
      Math.max(...this.#branches.filter((branch) => branch.family === family).map(({ node }) => node.table.size));
    return {
      nodes: nodes(4),
      nodes6: nodes(6),
      ready: this.ready,
      storedTorrents: this.#peers.torrents,
      storedPeers: this.#peers.peers,
      storedItems: this.#items.size,
      keptItems: this.kept.size,
      searches: this.#searches.running,
      waiting: this.#searches.waiting,
      queriesReceived: this.#queriesReceived,
      packetsSent: this.#packetsSent,
      bytesSent: this.#bytesSent,
    };
  }

  /** Our addresses: to others each is a node by itself. */
  get homes(): readonly DhtHomeStatus[] {
    return this.#branches.flatMap(({ local, external, node, ready }) => {
      return local === undefined ? [] : [{ local, external, id: node.id, nodes: node.table.size, ready }];
    });
  }

  get ready(): boolean {
    return this.#branches.some(({ ready }) => ready);
  }

  /** Our id in a family. */
  id(family: AddressFamily): Uint8Array {
    return this.#mains[family].node.id;
  }

  /** The port that somebody there is told of us (BEP 5, PORT): `undefined` when we answer nobody. */
  portTowards(host: string): number | undefined {
    const bound = this.#mains[host.includes(':') ? 6 : 4].local?.port;
    if (this.#parts.readOnly === true || bound === undefined) return undefined;
    return portTowards(host, { listenPort: () => bound, mappedPorts: this.#parts.mappedPorts });
  }

  /** Somebody names a node: a torrent, a link, a peer. */
  addNode(address: PeerAddress): void {
    const family = address.host.includes(':') ? 6 : 4;
    for (const branch of this.#branches) if (branch.family === family) branch.upkeep.hint(address);
  }

  /** Searches as soon as it is its turn, and there are nodes to ask. Returns what ends it, without a last word. */
  search(search: DhtSearch): () => void {
    return this.#searches.add(search);
  }

  /** Control tick. */
  tick(): void {
    if (this.#closed) return;
    const nowMs = this.#parts.clock.nowMs();
    for (const branch of this.#branches) {
      this.#introduce(branch);
      branch.tick(nowMs);
    }
    this.#searches.tick();
    this.surveys.tick();
    this.kept.tick();
    if (nowMs < this.#expireMs) return;
    this.#expireMs = nowMs + EXPIRY_INTERVAL_MS;
    this.#peers.expire(nowMs);
    this.#items.expire(nowMs);
  }

  /** What an earlier run left behind: to be told before the first tick, with all sockets open. */
  restore(state: DhtState): void {
    for (const family of FAMILIES) {
      const saved = state[family];
      if (saved !== undefined) this.#mains[family].restore(saved);
    }
    for (const branch of this.#branches.slice(FAMILIES.length)) {
      const id = branch.local && state.homes?.get(branch.local.host);
      if (id !== undefined) branch.node.restore(id);
    }
  }

  /** What the next run should know. */
  save(): Uint8Array {
    const homes = new Map<string, Uint8Array>();
    for (const { local, node } of this.#branches.slice(FAMILIES.length)) {
      if (local !== undefined) homes.set(local.host, node.id);
    }
    return encodeDhtState({ 4: this.#mains[4].saved(), 6: this.#mains[6].saved(), homes });
  }

  close(): void {
    this.#closed = true;
    this.#searches.close();
    this.surveys.close();
    this.kept.close();
  }

  #heard(bytes: Uint8Array, from: PeerAddress, branch: Branch): void {
    if (this.#closed || this.#parts.refuses?.(from.host) === true) return;
    const message = decodeKrpc(bytes);
    if (message === undefined) return;
    if (message.type === 'reply' || message.type === 'error') return branch.node.heard(message, from);
    if (this.#parts.readOnly === true) return;
    const nowMs = this.#parts.clock.nowMs();
    if (!this.#limiter.admits(from.host, nowMs)) return;
    this.#queriesReceived++;
    if (message.type === 'fault') branch.node.refuse(message, from);
    else branch.answer(message, from, nowMs);
  }

  #sink(branchOf: (from: PeerAddress) => Branch): DatagramSink {
    return {
      datagram: (bytes, from) => this.#heard(bytes, from, branchOf(from)),
      // A question to nobody: its time runs out, as if it had been lost.
      undelivered: () => undefined,
      drained: () => undefined,
    };
  }

  /** One more address of ours, which learns by itself how it is seen. */
  #home({ family, datagrams }: DhtHome): Branch {
    const port = datagrams.attach(
      'krpc',
      this.#sink(() => branch),
    );
    const branch: Branch = this.#branch(family, port, new ExternalAddress());
    return branch;
  }

  /** An address of ours that knows nobody begins with whom another knows, near its own id. */
  #introduce(branch: Branch): void {
    const main = this.#mains[branch.family];
    if (branch === main || branch.node.table.size > 0 || !main.ready) return;
    for (const contact of main.node.table.closest(branch.node.id, NODES_PER_ANSWER)) branch.upkeep.hint(contact);
  }

  #branch(family: AddressFamily, port: DatagramPort, outside: OutsideView): Branch {
    const { clock, random, readOnly = false, refuses } = this.#parts;
    const other: AddressFamily = family === 4 ? 6 : 4;
    const parts: BranchParts = {
      family,
      clock,
      random,
      port,
      outside,
      readOnly,
      peers: this.#peers,
      items: this.#items,
      tokens: this.#tokens,
      refuses: (host) => refuses?.(host) ?? false,
      sent: (bytes) => {
        this.#packetsSent++;
        this.#bytesSent += bytes;
      },
      askRouters: () => this.#parts.askRouters?.(),
      wantsOther: () => this.#mains[other].local !== undefined && !this.#mains[other].upkeep.ready,
      other: (nodes) => {
        for (const contact of nodes) this.#mains[other].upkeep.hint(contact);
      },
      closest: (wanted, target, count) => {
        const { node } = wanted === family ? branch : this.#mains[wanted];
        return node.table.closest(target, count);
      },
      // An address is one peer, whatever ports it names (BEP 33); this machine's clients share one.
      peerKey: (peer) => (isLoopback(peer.host) ? endpointKey(peer) : peer.host),
    };
    const branch: Branch = new Branch(parts);
    return branch;
  }
}
