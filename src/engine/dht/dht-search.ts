// Searches that the DHT is asked for: the peers of a torrent, how many there are (BEP 33), a stored value (BEP 44). Each is
// a look-up in every address family that we are in, and what its answers come to.
import { equalBytes, toLatin1 } from '../../base/bytes.ts';
import { BloomFilter } from '../../protocol/krpc/bloom-filter.ts';
import type { NodeContact } from '../../protocol/krpc/compact-nodes.ts';
import type { KrpcQuery, KrpcReply } from '../../protocol/krpc/krpc-message.ts';
import { itemTarget, type StoredItem } from '../../protocol/krpc/stored-item.ts';
import { type MappedPorts, portTowards } from '../portmap/own-ports.ts';
import type { PeerAddress } from '../ports.ts';
import { mayKnow } from '../swarm/address-scope.ts';
import type { DhtNode } from './dht-node.ts';
import { faultOf, type VerifySignature } from './item-store.ts';
import type { LookupCandidate } from './lookup.ts';
import { endpointKey } from './routing-table.ts';

/** A search as `dht.ts` runs it. */
export interface DhtSearch {
  readonly target: Uint8Array;
  readonly query: KrpcQuery;
  /** It is repeated from each of our addresses: what it writes is about the address that it is written from. */
  readonly everywhere?: boolean;
  /** Nobody waits for what it finds. Default false. */
  readonly patient?: boolean;
  /** `seenAs`: the host that we have in the eyes of who answered. */
  heard(reply: KrpcReply, from: NodeContact, seenAs: string | undefined): void;
  /** The look-up in one family is over: what is to be written goes to these nodes. */
  closing(node: DhtNode, closest: readonly LookupCandidate[]): void;
  /** All is over. */
  done(): void;
}

const nothing = (): void => undefined;
const SILENT = { answered: nothing, failed: nothing };

/** What a search for peers is to tell of us; absent: nothing. */
export interface OwnAnnounce {
  readonly port: number;
  /** Other ports that the internet reaches us by. */
  readonly mappedPorts?: MappedPorts;
  readonly seed: boolean;
}

/** Who hears of the peers that a search finds. */
export interface PeerSearchListener {
  /** As they come in, each once. */
  found(peers: readonly PeerAddress[]): void;
  /** The search is over: so many peers, and so many nodes that were told of us. */
  done(found: number, announced: number): void;
}

/** Looks for the peers of a torrent, and announces ourselves to the nodes that keep them. */
export function peerSearch(
  infoHash: Uint8Array,
  own: OwnAnnounce | undefined,
  listener: PeerSearchListener,
): DhtSearch {
  const seen = new Set<string>();
  let announced = 0;
  const portFor = (host: string): number | undefined =>
    own && portTowards(host, { listenPort: () => own.port, mappedPorts: () => own.mappedPorts ?? {} });
  return {
    target: infoHash,
    query: { method: 'get_peers', infoHash, noSeed: own?.seed ?? false, scrape: false },
    everywhere: own !== undefined,
    heard(reply, from, seenAs) {
      const isOurs = ({ host, port }: PeerAddress): boolean => host === seenAs && port === portFor(host);
      const fresh = (reply.peers ?? []).filter(
        (peer) => mayKnow(from.host, peer.host) && !isOurs(peer) && !seen.has(endpointKey(peer)),
      );
      for (const peer of fresh) seen.add(endpointKey(peer));
      if (fresh.length > 0) listener.found(fresh);
    },
    closing(node, closest) {
      if (own === undefined) return;
      const { seed } = own;
      for (const { contact, token } of closest) {
        if (token === undefined) continue;
        const port = portFor(contact.host) ?? own.port;
        if (node.ask(contact, { method: 'announce_peer', infoHash, token, port, seed }, SILENT)) announced++;
      }
    },
    done: () => listener.done(seen.size, announced),
  };
}

/** How large a swarm is, as far as the DHT knows. */
export interface DhtScrape {
  readonly seeds: number;
  readonly peers: number;
}

export function scrapeSearch(
  infoHash: Uint8Array,
  sha1: (bytes: Uint8Array) => Uint8Array,
  done: (scrape: DhtScrape) => void,
): DhtSearch {
  const [seeds, peers] = [new BloomFilter(sha1), new BloomFilter(sha1)];
  return {
    target: infoHash,
    query: { method: 'get_peers', infoHash, noSeed: false, scrape: true },
    heard(reply) {
      if (reply.seedFilter !== undefined) seeds.unite(reply.seedFilter);
      if (reply.peerFilter !== undefined) peers.unite(reply.peerFilter);
      // Nodes without filters name peers; whether they are seeds nobody knows.
      else for (const { host } of reply.peers ?? []) peers.add(host);
    },
    closing: nothing,
    done: () => done({ seeds: Math.round(seeds.estimate()), peers: Math.round(peers.estimate()) }),
  };
}

/** What checking a value needs. */
export interface ItemChecks {
  readonly sha1: (bytes: Uint8Array) => Uint8Array;
  readonly verify: VerifySignature;
}

/** Looks for a value; of a mutable one for the latest. `salt` belongs to the target and is not told by anybody. */
export function itemSearch(
  target: Uint8Array,
  salt: Uint8Array,
  checks: ItemChecks,
  done: (item: StoredItem | undefined) => void,
): DhtSearch {
  let best: StoredItem | undefined;
  return {
    target,
    query: { method: 'get', target },
    heard(reply) {
      best = latestOf(best, itemOf(reply, salt), target, checks);
    },
    closing: nothing,
    done: () => done(best),
  };
}

/** How a value is put. */
export interface PutWays {
  /** Only over the value of this number. */
  readonly cas?: number | bigint;
  /** When a node has a later version, that one is put instead: the value is to stay, whoever wrote it. */
  readonly renew?: boolean;
}

/** Stores a value at the nodes that are nearest to its place; `done` hears at how many, and which version. */
export function putSearch(
  item: StoredItem,
  { cas, renew = false }: PutWays,
  checks: ItemChecks,
  done: (stored: number, latest: StoredItem) => void,
): DhtSearch {
  const target = itemTarget(item, checks.sha1);
  /** Nodes that have a value there: they alone can compare it. */
  const holders = new Set<string>();
  let open = 1;
  let stored = 0;
  let latest: StoredItem = item;
  const salt = item.mutable?.salt ?? new Uint8Array(0);
  const settle = (): void => {
    if (--open === 0) done(stored, latest);
  };
  return {
    target,
    query: { method: 'get', target },
    heard(reply, from) {
      if (reply.seq !== undefined) holders.add(toLatin1(from.id));
      if (renew) latest = latestOf(latest, itemOf(reply, salt), target, checks) ?? latest;
    },
    closing(node, closest) {
      for (const { contact, token } of closest) {
        if (token === undefined) continue;
        const compare = cas !== undefined && holders.has(toLatin1(contact.id));
        const query: KrpcQuery = { method: 'put', token, ...latest, ...(compare && { cas }) };
        const answered = (): void => {
          stored++;
          settle();
        };
        if (node.ask(contact, query, { answered, failed: settle })) open++;
      }
    },
    done: settle,
  };
}

/** The later one of two versions, if the new one is what it claims to be. */
function latestOf(
  best: StoredItem | undefined,
  item: StoredItem | undefined,
  target: Uint8Array,
  { sha1, verify }: ItemChecks,
): StoredItem | undefined {
  if (item === undefined || !equalBytes(itemTarget(item, sha1), target)) return best;
  const later = best === undefined || BigInt(item.mutable?.seq ?? 0) > BigInt(best.mutable?.seq ?? 0);
  return later && faultOf(item, verify) === undefined ? item : best;
}

function itemOf(reply: KrpcReply, salt: Uint8Array): StoredItem | undefined {
  const { value, key, signature, seq } = reply;
  if (value === undefined) return undefined;
  if (key === undefined || signature === undefined || seq === undefined) return { value };
  return { value, mutable: { key, signature, seq, salt } };
}
