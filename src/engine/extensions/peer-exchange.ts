// Peer exchange (BEP 11): tells each peer whom else we are connected to, at most once a minute, and takes in what it
// tells us. Only addresses that can be dialled are told, and only of peers that shook hands with us.

import { PeerError } from '../../base/errors.ts';
import { SparseMap } from '../../base/sparse-map.ts';
import { decodePex, encodePex, PEX_FLAGS, type PexAdded } from '../../protocol/extension/pex-message.ts';
import type { PeerAddress } from '../ports.ts';
import { isLoopback, mayKnow } from '../swarm/address-scope.ts';
import { addressKey, plainHost } from '../swarm/candidates.ts';
import type { Peer } from '../swarm/peer.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { ExtendedMessages } from './extended-messages.ts';
import {
  PEX_BURST_MAX,
  PEX_ENTRIES_MAX,
  PEX_FIRST_DELAY_MS,
  PEX_INTERVAL_MS,
  PEX_LEARNT_MAX,
  PEX_MESSAGES_PER_MINUTE_MAX,
} from './limits.ts';

/** What passed between one peer and us. */
interface Exchange {
  /** Addresses that the peer was told of and that were not dropped since. */
  readonly told: Map<string, PeerAddress>;
  /** Not before then comes the next message. */
  nextMs: number;
  /** State of the swarm that the peer was told completely. */
  toldRevision: number;
  /** Addresses that the peer told us, and what it said of them: PEX_FLAGS bits. */
  readonly learnt: Map<string, number>;
  /** Messages beyond one a minute or so; it wears off with time. */
  heard: number;
  heardMs: number;
}

/** What an exchange works with. */
export interface PeerExchangeParts {
  readonly swarm: Swarm;
  readonly extended: () => ExtendedMessages;
  /** False: we only listen. */
  readonly tells: boolean;
  /** Whether this is one of our own addresses. */
  readonly isOurs: (address: PeerAddress) => boolean;
}

export class PeerExchange {
  readonly #parts: PeerExchangeParts;
  readonly #exchanges = new SparseMap<Peer, Exchange>();
  /** Counts changes of what could be told. */
  #revision = 1;

  constructor(parts: PeerExchangeParts) {
    this.#parts = parts;
  }

  /** Somebody came, or told where it listens. */
  changed(): void {
    this.#revision++;
  }

  /** Somebody went. */
  forget(peer: Peer): void {
    this.#exchanges.delete(peer);
    this.#revision++;
  }

  /** Takes in a message. Throws PeerError when it is malformed or one of too many. */
  hear(peer: Peer, payload: Uint8Array, nowMs: number): void {
    const exchange = this.#exchangeWith(peer, nowMs);
    const wornOff = ((nowMs - exchange.heardMs) * PEX_MESSAGES_PER_MINUTE_MAX) / 60_000;
    exchange.heard = Math.max(0, exchange.heard - wornOff) + 1;
    exchange.heardMs = nowMs;
    if (exchange.heard > PEX_BURST_MAX) throw new PeerError('ERR_PEER_PEX', 'floods us with peer exchange messages');
    const { added, dropped } = decodePex(payload);
    this.#learn(peer, exchange, added);
    for (const address of dropped) {
      if (exchange.learnt.delete(addressKey(address))) this.#parts.swarm.candidates.withdraw(address);
    }
  }

  /** A peer that said of this address that it can be introduced to us (BEP 55), and can do so itself. */
  introducerOf(address: PeerAddress): Peer | undefined {
    const key = addressKey(address);
    for (const [peer, { learnt }] of this.#exchanges) {
      const able = peer.ready && !peer.closing && peer.offers.idOf('ut_holepunch') > 0;
      if (able && ((learnt.get(key) ?? 0) & PEX_FLAGS.holepunch) !== 0) return peer;
    }
    return undefined;
  }

  /** Control tick: tells what is due. */
  tick(nowMs: number): void {
    if (!this.#parts.tells) return;
    for (const peer of this.#parts.swarm.peers()) {
      if (!peer.ready || peer.closing || peer.offers.idOf('ut_pex') === 0) continue;
      const exchange = this.#exchangeWith(peer, nowMs);
      if (exchange.nextMs > nowMs || exchange.toldRevision === this.#revision) continue;
      const complete = this.#tell(peer, exchange, nowMs);
      if (complete) exchange.toldRevision = this.#revision;
    }
  }

  #exchangeWith(peer: Peer, nowMs: number): Exchange {
    let exchange = this.#exchanges.get(peer);
    if (exchange === undefined) {
      const nextMs = nowMs + PEX_FIRST_DELAY_MS;
      exchange = { told: new Map(), nextMs, toldRevision: 0, learnt: new Map(), heard: 0, heardMs: nowMs };
      this.#exchanges.set(peer, exchange);
    }
    return exchange;
  }

  /** Bounded three ways: messages per minute, addresses per peer, and one address per host and message. */
  #learn(peer: Peer, exchange: Exchange, added: readonly PexAdded[]): void {
    const { swarm, isOurs } = this.#parts;
    const teller = plainHost(peer.address);
    const hosts = new Set<string>();
    for (const { host, port, flags } of added) {
      if (exchange.learnt.size >= PEX_LEARNT_MAX) return;
      const address = { host, port };
      const key = addressKey(address);
      if (exchange.learnt.has(key) || !mayKnow(teller, host) || isOurs(address)) continue;
      if (hosts.has(host) && !isLoopback(host)) continue;
      hosts.add(host);
      const reachable = (flags & PEX_FLAGS.outgoing) !== 0;
      if (swarm.candidates.add(address, 'pex', reachable)) exchange.learnt.set(key, flags);
    }
  }

  /** Sends the difference to what the peer was told last. Returns false when not all of it found room. */
  #tell(peer: Peer, exchange: Exchange, nowMs: number): boolean {
    const present = this.#tellable(peer);
    const added: PexAdded[] = [];
    const dropped: PeerAddress[] = [];
    let complete = true;
    for (const [key, address] of exchange.told) {
      if (present.has(key)) continue;
      if (dropped.length < PEX_ENTRIES_MAX) dropped.push(address);
      else complete = false;
    }
    for (const [key, other] of present) {
      if (exchange.told.has(key)) continue;
      if (added.length < PEX_ENTRIES_MAX) added.push(other);
      else complete = false;
    }
    if (added.length + dropped.length === 0) return true;
    if (!this.#parts.extended().sendExtended(peer, 'ut_pex', encodePex({ added, dropped }))) return true;
    for (const address of dropped) exchange.told.delete(addressKey(address));
    for (const { host, port } of added) exchange.told.set(addressKey({ host, port }), { host, port });
    exchange.nextMs = nowMs + PEX_INTERVAL_MS;
    return complete;
  }

  /** Everybody whom this peer may hear of. */
  #tellable(peer: Peer): Map<string, PexAdded> {
    const hearer = plainHost(peer.address);
    const tellable = new Map<string, PexAdded>();
    for (const other of this.#parts.swarm.peers()) {
      const address = other.listening;
      if (other === peer || !other.ready || other.closing || address === undefined) continue;
      if (mayKnow(hearer, address.host)) tellable.set(addressKey(address), { ...address, flags: flagsOf(other) });
    }
    return tellable;
  }
}

function flagsOf(peer: Peer): number {
  let flags = peer.incoming ? 0 : PEX_FLAGS.outgoing;
  if (peer.utp) flags |= PEX_FLAGS.utp;
  if (peer.offers.encryption) flags |= PEX_FLAGS.encryption;
  if (peer.pieces.have.full || peer.offers.uploadOnly) flags |= PEX_FLAGS.seed;
  if (peer.offers.idOf('ut_holepunch') > 0) flags |= PEX_FLAGS.holepunch;
  return flags;
}
