// The distributed hash table (BEP 5): both address families, what is stored for others, and the searches that torrents ask
// for, a few at a time. Pure: packets, time and chance come from outside.
import type { Clock, Random } from '../../base/clock.ts';
import { decodeKrpc } from '../../protocol/krpc/krpc-decoder.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import type { DatagramPort, DatagramPorts, DatagramSink } from '../datagram-port.ts';
import { type MappedPorts, portTowards } from '../portmap/own-ports.ts';
import type { PeerAddress } from '../ports.ts';
import { isLoopback } from '../swarm/candidates.ts';
import { DhtNode } from './dht-node.ts';
import type { DhtSearch } from './dht-search.ts';
import { type DhtState, encodeDhtState } from './dht-state.ts';
import { ItemStore, type VerifySignature } from './item-store.ts';
import { LOOKUPS_MAX, NEW_ID_INTERVAL_MS, SAVED_NODES_MAX } from './limits.ts';
import { LookupRun } from './lookup-run.ts';
import { PeerStore } from './peer-store.ts';
import { QueryLimiter } from './query-limiter.ts';
import { Responder } from './responder.ts';
import { endpointKey } from './routing-table.ts';
import { Upkeep } from './upkeep.ts';
import { WriteTokens } from './write-tokens.ts';

const FAMILIES: readonly AddressFamily[] = [4, 6];

/** How often what is stored is looked through for what is too old. */
const EXPIRY_INTERVAL_MS = 60_000;

/** What a DHT is built on. */
export interface DhtParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly datagrams: DatagramPorts;
  readonly sha1: (bytes: Uint8Array) => Uint8Array;
  readonly verify: VerifySignature;
  /** Answer no questions (BEP 43): for who cannot be reached, or will be gone soon. */
  readonly readOnly?: boolean;
  readonly refuses?: (host: string) => boolean;
  /** The UDP ports that gateways gave us. */
  readonly mappedPorts?: (() => MappedPorts) | undefined;
  /** Where our address is learnt; several voices must agree. */
  readonly external: {
    vote(host: string, voter: string): void;
    of(family: AddressFamily): string | undefined;
  };
  /** Asks for the addresses of well-known nodes, which `addNode` is then to be told: nobody else has answered. */
  readonly askRouters?: () => void;
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
  /** Searches that run, and that wait for their turn or for the first nodes. */
  readonly searches: number;
  readonly waiting: number;
  /** Questions of others, and what was sent in all, in packets and bytes. */
  readonly queriesReceived: number;
  readonly packetsSent: number;
  readonly bytesSent: number;
}

/** One address family. */
interface Branch {
  readonly node: DhtNode;
  readonly upkeep: Upkeep;
  readonly responder: Responder;
  movedMs: number;
}

interface QueuedSearch {
  readonly search: DhtSearch;
  readonly runs: LookupRun[];
  cancelled: boolean;
}

export class Dht implements DatagramSink {
  readonly #parts: DhtParts;
  readonly #port: DatagramPort;
  readonly #branches: Readonly<Record<AddressFamily, Branch>>;
  readonly #peers: PeerStore;
  readonly #items: ItemStore;
  readonly #tokens: WriteTokens;
  readonly #limiter = new QueryLimiter();
  readonly #waiting = new Set<QueuedSearch>();
  readonly #running = new Set<QueuedSearch>();
  #expireMs = Number.NEGATIVE_INFINITY;
  #queriesReceived = 0;
  #packetsSent = 0;
  #bytesSent = 0;
  #closed = false;

  constructor(parts: DhtParts) {
    this.#parts = parts;
    const { clock, random, sha1, verify } = parts;
    this.#port = parts.datagrams.attach('krpc', this);
    this.#peers = new PeerStore(sha1, random);
    this.#items = new ItemStore(sha1, verify);
    this.#tokens = new WriteTokens(sha1, random, clock.nowMs());
    this.#branches = { 4: this.#branch(4), 6: this.#branch(6) };
  }

  get status(): DhtStatus {
    return {
      nodes: this.#branches[4].node.table.size,
      nodes6: this.#branches[6].node.table.size,
      ready: this.ready,
      storedTorrents: this.#peers.torrents,
      storedPeers: this.#peers.peers,
      storedItems: this.#items.size,
      searches: this.#running.size,
      waiting: this.#waiting.size,
      queriesReceived: this.#queriesReceived,
      packetsSent: this.#packetsSent,
      bytesSent: this.#bytesSent,
    };
  }

  get ready(): boolean {
    return this.#open().some(({ upkeep }) => upkeep.ready);
  }

  /** Our id in a family. */
  id(family: AddressFamily): Uint8Array {
    return this.#branches[family].node.id;
  }

  /** The port that somebody there is told of us (BEP 5, PORT): `undefined` when we answer nobody. */
  portTowards(host: string): number | undefined {
    const bound = this.#port.local(host.includes(':') ? 6 : 4)?.port;
    if (this.#parts.readOnly === true || bound === undefined) return undefined;
    return portTowards(host, { listenPort: () => bound, mappedPorts: this.#parts.mappedPorts });
  }

  /** Somebody names a node: a torrent, a link, a peer. */
  addNode(address: PeerAddress): void {
    this.#branches[address.host.includes(':') ? 6 : 4].upkeep.hint(address);
  }

  /** Searches as soon as it is its turn, and there are nodes to ask. Returns what ends it, without a last word. */
  search(search: DhtSearch): () => void {
    const queued: QueuedSearch = { search, runs: [], cancelled: false };
    this.#waiting.add(queued);
    return () => {
      queued.cancelled = true;
      this.#waiting.delete(queued);
      this.#running.delete(queued);
      for (const run of queued.runs) run.cancel();
    };
  }

  /** Control tick. */
  tick(): void {
    if (this.#closed) return;
    const nowMs = this.#parts.clock.nowMs();
    for (const family of FAMILIES) {
      if (this.#port.local(family) === undefined) continue;
      const branch = this.#branches[family];
      branch.node.tick();
      this.#bind(branch, nowMs);
      branch.upkeep.tick();
    }
    this.#startSearches();
    if (nowMs < this.#expireMs) return;
    this.#expireMs = nowMs + EXPIRY_INTERVAL_MS;
    this.#peers.expire(nowMs);
    this.#items.expire(nowMs);
  }

  /** What an earlier run left behind: to be told before the first tick. */
  restore(state: DhtState): void {
    for (const family of FAMILIES) {
      const saved = state[family];
      if (saved === undefined) continue;
      this.#branches[family].node.restore(saved.id);
      this.#branches[family].upkeep.remember(saved.nodes);
    }
  }

  /** What the next run should know. */
  save(): Uint8Array {
    return encodeDhtState({ 4: this.#saved(4), 6: this.#saved(6) });
  }

  close(): void {
    this.#closed = true;
    for (const { runs } of this.#running) for (const run of runs) run.cancel();
    this.#running.clear();
    this.#waiting.clear();
  }

  datagram(bytes: Uint8Array, from: PeerAddress): void {
    if (this.#closed || this.#parts.refuses?.(from.host) === true) return;
    const message = decodeKrpc(bytes);
    if (message === undefined) return;
    const { node, responder } = this.#branches[from.host.includes(':') ? 6 : 4];
    if (message.type === 'reply' || message.type === 'error') return node.heard(message, from);
    if (this.#parts.readOnly === true) return;
    const nowMs = this.#parts.clock.nowMs();
    if (!this.#limiter.admits(from.host, nowMs)) return;
    this.#queriesReceived++;
    if (message.type === 'fault') node.refuse(message, from);
    else node.reply(message, from, responder.answer(message.query, from, nowMs));
  }

  /** A question to nobody: its time runs out, as if it had been lost. */
  undelivered(): void {
    return;
  }

  drained(): void {
    return;
  }

  #startSearches(): void {
    if (this.#waiting.size === 0) return;
    const ready = this.#open().filter(({ upkeep }) => upkeep.ready);
    if (ready.length === 0) return;
    for (const queued of this.#waiting) {
      if (this.#running.size >= LOOKUPS_MAX) return;
      this.#waiting.delete(queued);
      this.#running.add(queued);
      this.#run(queued, ready);
    }
  }

  #run(queued: QueuedSearch, branches: readonly Branch[]): void {
    const { search, runs } = queued;
    let left = branches.length;
    for (const { node } of branches) {
      const run = new LookupRun(node, {
        target: search.target,
        query: search.query,
        heard: (reply, from, seenAs) => search.heard(reply, from, seenAs),
        done: (closest) => {
          search.closing(node, closest);
          if (--left > 0) return;
          this.#running.delete(queued);
          if (!queued.cancelled) search.done();
        },
      });
      runs.push(run);
    }
    for (const branch of branches) this.#askOurselves(search, branch);
    for (const run of runs) run.start();
  }

  /** We may be among the nearest nodes ourselves, and then others have told us what they tell their neighbours. */
  #askOurselves(search: DhtSearch, { node, responder }: Branch): void {
    const own = { id: node.id, host: node.family === 4 ? '127.0.0.1' : '::1', port: 1 };
    const answer = responder.answer(search.query, own, this.#parts.clock.nowMs());
    if (!('code' in answer)) search.heard({ id: node.id, ...answer }, own, undefined);
  }

  /** Once our address is known our id has to fit it (BEP 42). */
  #bind(branch: Branch, nowMs: number): void {
    const host = this.#parts.external.of(branch.node.family);
    if (host === undefined || nowMs < branch.movedMs + NEW_ID_INTERVAL_MS) return;
    if (!branch.node.bindTo(host)) return;
    branch.movedMs = nowMs;
    branch.upkeep.moved();
  }

  /** The families that we have a socket for. */
  #open(): Branch[] {
    return FAMILIES.filter((family) => this.#port.local(family) !== undefined).map((family) => this.#branches[family]);
  }

  #branch(family: AddressFamily): Branch {
    const { clock, random, readOnly = false, external, refuses } = this.#parts;
    const node = new DhtNode({
      family,
      clock,
      random,
      readOnly,
      refuses: (host) => refuses?.(host) ?? false,
      send: (packet, to) => this.#send(packet, to),
      seenAs: (host, voter) => external.vote(host, voter),
    });
    const other: AddressFamily = family === 4 ? 6 : 4;
    const upkeep = new Upkeep({
      node,
      clock,
      random,
      askRouters: () => this.#parts.askRouters?.(),
      wantsOther: () => this.#port.local(other) !== undefined && !this.#branches[other].upkeep.ready,
      other: (nodes) => {
        for (const contact of nodes) this.#branches[other].upkeep.hint(contact);
      },
    });
    const responder = new Responder({
      family,
      peers: this.#peers,
      items: this.#items,
      tokens: this.#tokens,
      closest: (wanted, target, count) => this.#branches[wanted].node.table.closest(target, count),
      // An address is one peer, whatever ports it names (BEP 33); this machine's clients share one.
      peerKey: (peer) => (isLoopback(peer.host) ? endpointKey(peer) : peer.host),
    });
    return { node, upkeep, responder, movedMs: Number.NEGATIVE_INFINITY };
  }

  #send(packet: Uint8Array, to: PeerAddress): boolean {
    const sent = this.#port.send(packet, to);
    if (!sent) return false;
    this.#packetsSent++;
    this.#bytesSent += packet.length;
    return true;
  }

  #saved(family: AddressFamily): { id: Uint8Array; nodes: { id: Uint8Array; host: string; port: number }[] } {
    const { table } = this.#branches[family].node;
    const nodes = [...table.nodes()].filter(({ failures }) => failures === 0);
    return { id: table.id, nodes: nodes.sort((a, b) => b.seenMs - a.seenMs).slice(0, SAVED_NODES_MAX) };
  }
}
