// What peers tell each other about addresses: where they listen, where they see us (BEP 10), whom else they know
// (BEP 11, BEP 55), and which connections a full swarm prefers (BEP 40). A private torrent hears and tells nothing (BEP 27).
import type { ExtendedHandshake } from '../../protocol/extension/handshake.ts';
import { type OwnPorts, portTowards } from '../portmap/own-ports.ts';
import type { PeerAddress } from '../ports.ts';
import { isLoopback } from '../swarm/address-scope.ts';
import { plainHost } from '../swarm/candidates.ts';
import type { ExternalAddress } from '../swarm/external-address.ts';
import type { Peer } from '../swarm/peer.ts';
import { peerPriority, type RankedPeer } from '../swarm/peer-priority.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { ExtendedMessages, ExtensionHandler } from './extended-messages.ts';
import { HolepunchRelay } from './holepunch-relay.ts';
import { PeerExchange } from './peer-exchange.ts';

/** What contacts work with. */
export interface PeerContactsParts extends OwnPorts {
  readonly swarm: Swarm;
  readonly external: ExternalAddress;
  readonly extended: () => ExtendedMessages;
  readonly nowMs: () => number;
  /** Peers come from the trackers alone. */
  readonly private: boolean;
  /** The user allows peer exchange. */
  readonly exchange: boolean;
  /** False while the torrent may yet turn out to be private: we listen, and tell nobody of others. */
  readonly tells: boolean;
}

export class PeerContacts {
  readonly #parts: PeerContactsParts;
  /** Absent where there must be none. */
  readonly #exchange: PeerExchange | undefined;
  readonly #relay: HolepunchRelay | undefined;
  /** Our address that candidates were ranked by. */
  #rankedVersion = 0;

  constructor(parts: PeerContactsParts) {
    this.#parts = parts;
    const { swarm, extended, tells } = parts;
    if (parts.private) swarm.candidates.forgetHearsay();
    const isOurs = (address: PeerAddress): boolean => this.#isOurs(address);
    if (!parts.exchange || parts.private) return;
    this.#exchange = new PeerExchange({ swarm, extended, tells, isOurs });
    if (tells) this.#relay = new HolepunchRelay({ swarm, extended, isOurs });
  }

  /** Takes in peer exchange; `undefined` where there is none, so that it is not offered either. */
  get exchangeHandler(): ExtensionHandler | undefined {
    const exchange = this.#exchange;
    return exchange && ((peer, payload) => exchange.hear(peer, payload, this.#parts.nowMs()));
  }

  /** Takes in introductions, under the same conditions. */
  get relayHandler(): ExtensionHandler | undefined {
    const relay = this.#relay;
    return relay && ((peer, payload) => relay.hear(peer, payload, this.#parts.nowMs()));
  }

  /** A peer shook hands: it can be told of. */
  met(): void {
    this.#exchange?.changed();
  }

  /** The peer's extended handshake says where it listens, and where it sees us. */
  heed(peer: Peer, handshake: ExtendedHandshake): void {
    const { external, swarm } = this.#parts;
    if (handshake.yourIp !== undefined) external.vote(handshake.yourIp, plainHost(peer.address));
    this.#exchange?.changed();
    if (!peer.incoming || peer.claimsCandidate || peer.listening === undefined || this.#parts.private) return;
    peer.claimsCandidate = swarm.candidates.met(peer.listening);
  }

  /** The link is gone. Whoever could not be reached may be reached by an introduction. */
  forget(peer: Peer): void {
    if (!peer.incoming && !peer.ready && !peer.closing)
      this.#relay?.seek(peer, this.#exchange?.introducerOf(peer.address));
    this.#exchange?.forget(peer);
  }

  /** Control tick. */
  tick(): void {
    const { external, swarm, nowMs } = this.#parts;
    this.#exchange?.tick(nowMs());
    if (external.version === this.#rankedVersion) return;
    this.#rankedVersion = external.version;
    swarm.candidates.prioritize((address) => this.priorityOf(address) ?? 0);
  }

  /** The connected peer of the lowest canonical priority that is below `bound`, if there is one. */
  lesserThan(bound: number): RankedPeer | undefined {
    let lesser: RankedPeer | undefined;
    for (const peer of this.#parts.swarm.peers()) {
      // Who brings blocks stays, whatever its address.
      if (!peer.ready || peer.closing || peer.download.bytesPerSecond > 0) continue;
      const priority = this.priorityOf(peer.listening ?? peer.address);
      if (priority !== undefined && priority < (lesser?.priority ?? bound)) lesser = { peer, priority };
    }
    return lesser;
  }

  /** Canonical priority of a connection to this address; `undefined` while we do not know our own. */
  priorityOf(address: PeerAddress): number | undefined {
    const own = this.#parts.external.of(plainHost(address).includes(':') ? 6 : 4);
    return own === undefined ? undefined : peerPriority({ host: own, port: portTowards(own, this.#parts) }, address);
  }

  #isOurs({ host, port }: PeerAddress): boolean {
    if (port !== portTowards(host, this.#parts)) return false;
    return isLoopback(host) || host === this.#parts.external.of(host.includes(':') ? 6 : 4);
  }
}
