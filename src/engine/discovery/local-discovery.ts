// Finds peers in the own network (BEP 14): says which torrents we share, and hears of those that others do. Good manners:
// one message a minute at most, each torrent every five minutes, private torrents never (BEP 27).
import type { Clock } from '../../base/clock.ts';
import type { PeerAddress } from '../ports.ts';
import type { Member } from '../session/member.ts';
import type { Roster } from '../session/roster.ts';
import {
  LSD_HASHES_PER_MESSAGE,
  LSD_HEARD_PER_SECOND_MAX,
  LSD_INTERVAL_MS,
  LSD_LOOK_MS,
  LSD_PACE_MS,
} from './limits.ts';

/** Whoever speaks to the own network. */
export interface LocalPort {
  /** Says that peers of these torrents are welcome at this port. */
  announce(port: number, infoHashes: readonly Uint8Array[]): void;
}

/** Hears what is said there. */
export interface LocalSink {
  /** Somebody at this address, a neighbour, shares a torrent. */
  neighbour(address: PeerAddress, infoHash: Uint8Array): void;
}

/** What local discovery works with. */
export interface LocalDiscoveryParts {
  readonly clock: Clock;
  /** Absent: nothing is said or heard. */
  readonly local?: LocalPort;
  readonly roster: Pick<Roster, 'members' | 'withHash' | 'wake'>;
  /** The port that we accept peers on, 0 when we do not: then there is nothing to say. */
  readonly listenPort: () => number;
  /** New addresses need not wait. */
  readonly dial: () => void;
}

export class LocalDiscovery implements LocalSink {
  readonly #parts: LocalDiscoveryParts;
  /** When each member was last told of. */
  readonly #told = new WeakMap<Member, number>();
  #nextMs = Number.NEGATIVE_INFINITY;
  // Neighbours that may still be believed now; they come back with time.
  #ears = LSD_HEARD_PER_SECOND_MAX;
  #heardMs = Number.NEGATIVE_INFINITY;

  constructor(parts: LocalDiscoveryParts) {
    this.#parts = parts;
  }

  /** Control tick. */
  tick(nowMs: number): void {
    const { local: port, roster, listenPort } = this.#parts;
    if (port === undefined || nowMs < this.#nextMs || listenPort() === 0) return;
    const due: Member[] = [];
    for (const member of roster.members()) {
      if (due.length === LSD_HASHES_PER_MESSAGE) break;
      if (member.local && member.welcoming && nowMs >= (this.#told.get(member) ?? -LSD_INTERVAL_MS) + LSD_INTERVAL_MS)
        due.push(member);
    }
    this.#nextMs = nowMs + (due.length > 0 ? LSD_PACE_MS : LSD_LOOK_MS);
    if (due.length === 0) return;
    for (const member of due) this.#told.set(member, nowMs);
    port.announce(
      listenPort(),
      due.map(({ infoHash }) => infoHash),
    );
  }

  /** The whole network together may name so many in a second. */
  neighbour(address: PeerAddress, infoHash: Uint8Array): void {
    const { roster, clock, dial } = this.#parts;
    const member = roster.withHash(infoHash);
    if (member?.local !== true || !member.welcoming || !this.#listens(clock.nowMs())) return;
    if (!member.swarm.candidates.add(address, 'lsd')) return;
    roster.wake(member);
    dial();
  }

  #listens(nowMs: number): boolean {
    const elapsedMs = nowMs - this.#heardMs;
    this.#heardMs = nowMs;
    this.#ears = Math.min(LSD_HEARD_PER_SECOND_MAX, this.#ears + (elapsedMs * LSD_HEARD_PER_SECOND_MAX) / 1000);
    if (this.#ears < 1) return false;
    this.#ears--;
    return true;
  }
}
