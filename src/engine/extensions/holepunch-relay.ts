// Introductions between peers that cannot reach each other (BEP 55, `ut_holepunch`): whoever is connected to both tells both
// to dial each other over uTP, so that either's packets open its own router for the other's. We introduce others, ask for
// an introduction to whom we could not reach, and dial whom we are introduced to.

import { PeerError } from '../../base/errors.ts';
import { SparseSet } from '../../base/sparse-set.ts';
import {
  decodeHolepunch,
  encodeHolepunch,
  HOLEPUNCH_ERRORS,
  type HolepunchMessage,
} from '../../protocol/extension/holepunch-message.ts';
import type { PeerAddress } from '../ports.ts';
import { mayKnow, scopeOf } from '../swarm/address-scope.ts';
import { addressKey, plainHost } from '../swarm/candidates.ts';
import type { Peer } from '../swarm/peer.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { ExtendedMessages } from './extended-messages.ts';
import { HOLEPUNCH_BURST_MAX, HOLEPUNCH_PER_MINUTE_MAX, HOLEPUNCH_SOUGHT_MAX } from './limits.ts';

/** What a relay works with. */
export interface HolepunchRelayParts {
  readonly swarm: Swarm;
  readonly extended: () => ExtendedMessages;
  /** Whether this is one of our own addresses. */
  readonly isOurs: (address: PeerAddress) => boolean;
}

/** How much one peer has asked of us; it wears off with time. */
interface Debt {
  messages: number;
  sinceMs: number;
}

export class HolepunchRelay {
  readonly #parts: HolepunchRelayParts;
  readonly #debts = new WeakMap<Peer, Debt>();
  /** Addresses that we asked to be introduced to, the oldest first: once each. */
  readonly #sought = new SparseSet<string>();

  constructor(parts: HolepunchRelayParts) {
    this.#parts = parts;
  }

  /** A dial came to nothing: `introducer`, if there is one, is asked for help, unless that has been tried. */
  seek({ address, utp }: Peer, introducer: Peer | undefined): void {
    const key = addressKey(address);
    // What failed over uTP alone was introduced already.
    if (introducer === undefined || utp || this.#sought.has(key)) return;
    this.#sought.add(key);
    const [oldest] = this.#sought;
    if (this.#sought.size > HOLEPUNCH_SOUGHT_MAX) this.#sought.delete(oldest!);
    const endpoint = { host: address.host, port: address.port };
    this.#say(introducer, { type: 'rendezvous', endpoint, errorCode: 0 });
  }

  /** Takes in a message. Throws PeerError when it is malformed or one of too many. */
  hear(peer: Peer, payload: Uint8Array, nowMs: number): void {
    this.#charge(peer, nowMs);
    const message = decodeHolepunch(payload);
    if (message?.type === 'rendezvous') this.#introduce(peer, message.endpoint);
    if (message?.type === 'connect') this.#dial(peer, message.endpoint);
  }

  /** One message of a stranger must not become any number of ours. */
  #charge(peer: Peer, nowMs: number): void {
    const debt = this.#debts.get(peer) ?? { messages: 0, sinceMs: nowMs };
    const wornOff = ((nowMs - debt.sinceMs) * HOLEPUNCH_PER_MINUTE_MAX) / 60_000;
    debt.messages = Math.max(0, debt.messages - wornOff) + 1;
    debt.sinceMs = nowMs;
    this.#debts.set(peer, debt);
    if (debt.messages > HOLEPUNCH_BURST_MAX) throw new PeerError('ERR_PEER_FLOOD', 'floods us with introductions');
  }

  /** `asker` wants to meet whoever is at `endpoint`. */
  #introduce(asker: Peer, endpoint: PeerAddress): void {
    const { swarm, isOurs } = this.#parts;
    const refuse = (errorCode: number): void => this.#say(asker, { type: 'error', endpoint, errorCode });
    if (isOurs(endpoint)) return refuse(HOLEPUNCH_ERRORS.noSelf);
    if (endpoint.port === 0 || scopeOf(endpoint.host) === 0) return refuse(HOLEPUNCH_ERRORS.noSuchPeer);
    const target = [...swarm.peers()].find((other) => other !== asker && isAt(other, endpoint));
    if (target === undefined) return refuse(HOLEPUNCH_ERRORS.notConnected);
    if (target.offers.idOf('ut_holepunch') === 0) return refuse(HOLEPUNCH_ERRORS.noSupport);
    this.#say(asker, { type: 'connect', endpoint, errorCode: 0 });
    this.#say(target, { type: 'connect', endpoint: dialable(asker), errorCode: 0 });
  }

  /** Somebody wants to meet us, or was told that we want to. Whom we are connected to already we have met. */
  #dial(teller: Peer, endpoint: PeerAddress): void {
    const { swarm, isOurs } = this.#parts;
    if (!mayKnow(plainHost(teller.address), endpoint.host) || isOurs(endpoint)) return;
    if (![...swarm.peers()].some((peer) => isAt(peer, endpoint))) swarm.candidates.introduce(endpoint);
  }

  #say(peer: Peer, message: HolepunchMessage): void {
    this.#parts.extended().sendExtended(peer, 'ut_holepunch', encodeHolepunch(message));
  }
}

/** Where others should dial a peer: where it says that it listens, else where it comes from. */
function dialable(peer: Peer): PeerAddress {
  return peer.listening ?? { host: plainHost(peer.address), port: peer.address.port };
}

function isAt(peer: Peer, { host, port }: PeerAddress): boolean {
  if (!peer.ready || peer.closing || plainHost(peer.address) !== host) return false;
  return peer.address.port === port || peer.listening?.port === port;
}
