// What a node answers (BEP 5, 32, 33, 44, 51): takes a question and what the node knows, returns the answer.
import type { NodeContact } from '../../protocol/krpc/compact-nodes.ts';
import {
  KRPC_ERROR_METHOD,
  KRPC_ERROR_PROTOCOL,
  type KrpcQuery,
  type KrpcReply,
  type WantedFamilies,
} from '../../protocol/krpc/krpc-message.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import type { PeerAddress } from '../ports.ts';
import type { ItemStore, PutRefusal } from './item-store.ts';
import { NODES_PER_ANSWER, PEERS_PER_ANSWER, PEERS_PER_ANSWER_IPV6 } from './limits.ts';
import type { PeerStore } from './peer-store.ts';
import type { WriteTokens } from './write-tokens.ts';

/** With two filters of 256 bytes little room is left for peers (BEP 33). */
const PEERS_BESIDE_FILTERS = 8;
const PEERS_BESIDE_FILTERS_IPV6 = 2;

/** What answers are made of. */
export interface ResponderParts {
  readonly family: AddressFamily;
  readonly peers: PeerStore;
  readonly items: ItemStore;
  readonly tokens: WriteTokens;
  /** The nodes of a family that are nearest to a target. */
  readonly closest: (family: AddressFamily, target: Uint8Array, count: number) => readonly NodeContact[];
  /** The text of which a swarm holds one peer. */
  readonly peerKey: (peer: PeerAddress) => string;
}

export type Answer = Omit<KrpcReply, 'id'> | PutRefusal;

export class Responder {
  readonly #parts: ResponderParts;

  constructor(parts: ResponderParts) {
    this.#parts = parts;
  }

  answer(query: KrpcQuery, from: PeerAddress, nowMs: number): Answer {
    switch (query.method) {
      case 'ping':
        return {};
      case 'find_node':
        return this.#nodes(query.target, query.want);
      case 'get_peers':
        return this.#getPeers(query, from, nowMs);
      case 'announce_peer':
        return this.#announce(query, from, nowMs);
      case 'get':
        return this.#get(query, from, nowMs);
      case 'put':
        return this.#put(query, from, nowMs);
      case 'sample_infohashes':
        return this.#sample(query, nowMs);
      case 'unknown':
        if (query.target !== undefined) return this.#nodes(query.target, undefined);
        return { code: KRPC_ERROR_METHOD, text: 'method unknown' };
    }
  }

  #nodes(target: Uint8Array, want: WantedFamilies | undefined): Pick<KrpcReply, 'nodes' | 'nodes6'> {
    const { family, closest } = this.#parts;
    const { n4, n6 } = want ?? { n4: family === 4, n6: family === 6 };
    return {
      ...(n4 && { nodes: closest(4, target, NODES_PER_ANSWER) }),
      ...(n6 && { nodes6: closest(6, target, NODES_PER_ANSWER) }),
    };
  }

  #getPeers(query: KrpcQuery & { method: 'get_peers' }, from: PeerAddress, nowMs: number): Answer {
    const { family, peers, tokens } = this.#parts;
    const { infoHash, want, noSeed, scrape } = query;
    const filters = scrape ? peers.filters(infoHash, nowMs) : undefined;
    const found = peers.some(infoHash, family, this.#peersMax(filters !== undefined), noSeed);
    return {
      // Filters, peers and nodes of both families would not go into one packet.
      ...this.#nodes(infoHash, filters === undefined ? want : undefined),
      ...(found.length > 0 && { peers: found }),
      ...(peers.hasRoom(infoHash) && { token: tokens.issue(from.host, nowMs) }),
      ...(filters && { seedFilter: filters.seeds, peerFilter: filters.peers }),
    };
  }

  #peersMax(filtered: boolean): number {
    if (this.#parts.family === 4) return filtered ? PEERS_BESIDE_FILTERS : PEERS_PER_ANSWER;
    return filtered ? PEERS_BESIDE_FILTERS_IPV6 : PEERS_PER_ANSWER_IPV6;
  }

  #announce(query: KrpcQuery & { method: 'announce_peer' }, from: PeerAddress, nowMs: number): Answer {
    const { peers, tokens, peerKey } = this.#parts;
    if (!tokens.accepts(query.token, from.host, nowMs)) return { code: KRPC_ERROR_PROTOCOL, text: 'invalid token' };
    const peer = { host: from.host, port: query.port ?? from.port, seed: query.seed };
    peers.announce(query.infoHash, peer, peerKey(peer), nowMs);
    return {};
  }

  #get(query: KrpcQuery & { method: 'get' }, from: PeerAddress, nowMs: number): Answer {
    const { items, tokens } = this.#parts;
    const item = items.get(query.target);
    const nodes = this.#nodes(query.target, item === undefined ? query.want : undefined);
    const token = tokens.issue(from.host, nowMs);
    if (item === undefined) return { ...nodes, token };
    const { value, mutable } = item;
    if (mutable === undefined) return { ...nodes, token, value };
    const { key, signature, seq } = mutable;
    if (query.seq !== undefined && BigInt(seq) <= BigInt(query.seq)) return { ...nodes, token, seq };
    return { ...nodes, token, value, key, signature, seq };
  }

  #put(query: KrpcQuery & { method: 'put' }, from: PeerAddress, nowMs: number): Answer {
    const { items, tokens } = this.#parts;
    if (!tokens.accepts(query.token, from.host, nowMs)) return { code: KRPC_ERROR_PROTOCOL, text: 'invalid token' };
    const { value, mutable, cas } = query;
    return items.put({ value, ...(mutable && { mutable }) }, cas, nowMs) ?? {};
  }

  #sample(query: KrpcQuery & { method: 'sample_infohashes' }, nowMs: number): Answer {
    const { samples, leftMs } = this.#parts.peers.sample(nowMs);
    return {
      ...this.#nodes(query.target, query.want),
      samples,
      samplesTotal: this.#parts.peers.torrents,
      intervalSeconds: Math.ceil(leftMs / 1000),
    };
  }
}
