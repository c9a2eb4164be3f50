// Dials the candidates of a session's members, member by member in turn, as far as the limits allow.
import type { Clock } from '../../base/clock.ts';
import { CONNECT_TIMEOUT_MS } from '../limits.ts';
import type { DialTarget, PeerAddress, PeerPort } from '../ports.ts';
import { DIALS_MAX } from './limits.ts';
import type { Links } from './links.ts';
import type { Member } from './member.ts';
import type { Outage } from './outage.ts';
import type { Roster } from './roster.ts';
import { neediestFirst } from './slot-fairness.ts';

export interface DiallerParts {
  readonly clock: Clock;
  readonly peers: PeerPort;
  readonly links: Links;
  readonly roster: Roster;
  readonly outage: Outage;
}

export class Dialler {
  readonly #parts: DiallerParts;

  constructor(parts: DiallerParts) {
    this.#parts = parts;
  }

  /** The user, or a link, names peers of a member: they are dialled at once. */
  suggest(member: Member, addresses: Iterable<PeerAddress>): void {
    for (const address of addresses) member.swarm.candidates.add(address, 'user');
    this.#parts.roster.wake(member);
    this.dialFor(member);
  }

  /** Dials if this member knows anybody: looking through all of them for each of thousands that start took long. */
  dialFor(member: Member): void {
    if (member.swarm.candidates.size > 0) this.dial();
  }

  /** Dials whoever may be dialled now. Addresses that are new need not wait. */
  dial(): void {
    const { clock, links, outage, roster } = this.#parts;
    const dialsMax = outage.dialsMax(DIALS_MAX, clock.nowMs());
    let { dialling } = links;
    if (links.room <= 0 || dialling >= dialsMax) return;
    const members = links.room < DIALS_MAX ? neediestFirst(roster.awake) : roster.awake;
    for (let dialled = true; dialled; ) {
      dialled = false;
      for (const member of members) {
        if (links.room <= 0 || dialling >= dialsMax) return;
        if (member.swarm.size >= member.swarm.peersMax) continue;
        const address = member.candidate();
        if (address === undefined) continue;
        dialled = true;
        dialling++;
        this.#connect(member, address);
      }
    }
  }

  #connect(member: Member, address: DialTarget): void {
    const { links, peers } = this.#parts;
    const link = links.newNumber();
    links.attach(link, { member, peer: member.admit(link, address, false) });
    peers.connect(link, address, CONNECT_TIMEOUT_MS, member.infoHash);
  }
}
