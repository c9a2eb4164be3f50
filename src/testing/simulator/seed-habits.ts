// A peer that behaves: it shakes hands, says what it has, unchokes who is interested and sends what is asked for, in
// its own time. What a test needs it to do badly is switched on.
import type { Bitfield } from '../../base/bitfield.ts';
import type { Random } from '../../base/clock.ts';
import {
  CHOKE_MESSAGE,
  encodeBitfield,
  encodeReject,
  HAVE_ALL_MESSAGE,
  UNCHOKE_MESSAGE,
} from '../../protocol/wire/message-writer.ts';
import type { BlockRange } from '../../protocol/wire/messages.ts';
import type { EventQueue } from './event-queue.ts';
import type { Heard, RemoteHabits, RemotePeer } from './remote-peer.ts';

export interface SeedManners {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly infoHash: Uint8Array;
  readonly peerId: Uint8Array;
  /** What it has. */
  readonly have: Bitfield;
  readonly fast?: boolean;
  /** Time to unchoke whoever is interested. Default 5. */
  readonly unchokeMs?: number;
  /** Bytes per second that it sends. Default: all at once. */
  readonly bytesPerSecond?: number;
  // Chances, per block that was asked for. Default 0.
  readonly corrupts?: number;
  readonly rejects?: number;
  readonly ignores?: number;
  readonly chokes?: number;
  readonly hangsUp?: number;
  readonly stallsInside?: number;
  /** Sends the same block again, which nobody asked for any more. */
  readonly repeats?: number;
}

/** Makes the habits of a seed. Chances are drawn for each block by itself. */
export class SeedHabits implements RemoteHabits {
  /** Blocks that it sent, over all links. */
  blocksSent = 0;
  readonly #manners: SeedManners;
  readonly #wanted = new Map<RemotePeer, BlockRange[]>();
  readonly #busyUntilMs = new Map<RemotePeer, number>();
  readonly #choking = new Map<RemotePeer, boolean>();

  constructor(manners: SeedManners) {
    this.#manners = manners;
  }

  connected(remote: RemotePeer): void {
    // An even link was dialled by the engine, which then speaks first.
    if (remote.link % 2 === 1) this.#introduce(remote);
  }

  heard(remote: RemotePeer, heard: Heard): void {
    switch (heard.type) {
      case 'handshake':
        if (remote.link % 2 === 0) this.#introduce(remote);
        return this.#declare(remote);
      case 'interested':
        return this.#unchokeSoon(remote, this.#manners.unchokeMs ?? 5);
      case 'request':
        return this.#asked(remote, heard);
      case 'cancel':
        return this.#cancelled(remote, heard);
      default:
        return;
    }
  }

  #introduce(remote: RemotePeer): void {
    const { infoHash, peerId, fast = true } = this.#manners;
    remote.sendHandshake({ infoHash, peerId, fast });
  }

  #declare(remote: RemotePeer): void {
    const { have, fast = true } = this.#manners;
    if (fast && have.full) remote.send(HAVE_ALL_MESSAGE);
    else remote.send(encodeBitfield(have.bytes));
  }

  #unchokeSoon(remote: RemotePeer, delayMs: number): void {
    this.#manners.queue.plan(delayMs, () => {
      this.#choking.set(remote, false);
      remote.send(UNCHOKE_MESSAGE);
    });
  }

  #asked(remote: RemotePeer, range: BlockRange): void {
    const { queue, fast = true, bytesPerSecond } = this.#manners;
    if (this.#choking.get(remote) !== false) {
      if (fast) remote.send(encodeReject(range));
      return;
    }
    this.#queueOf(remote).push(range);
    const startMs = Math.max(queue.nowMs, this.#busyUntilMs.get(remote) ?? 0);
    const endMs = startMs + (bytesPerSecond === undefined ? 0 : (range.length / bytesPerSecond) * 1000);
    this.#busyUntilMs.set(remote, endMs);
    queue.planAt(endMs, () => this.#answer(remote, range));
  }

  #answer(remote: RemotePeer, range: BlockRange): void {
    const wanted = this.#queueOf(remote);
    const at = wanted.indexOf(range);
    if (at < 0 || remote.closed) return;
    const { fast = true } = this.#manners;
    if (this.#chance('hangsUp')) return remote.hangUp();
    if (this.#chance('ignores')) return;
    wanted.splice(at, 1);
    if (this.#chance('stallsInside')) return remote.beginBlock(range);
    if (fast && this.#chance('rejects')) return remote.send(encodeReject(range));
    if (this.#chance('chokes')) return this.#choke(remote, range);
    this.blocksSent++;
    remote.sendBlock(range, this.#chance('corrupts'));
    if (this.#chance('repeats')) remote.sendBlock(range);
  }

  /** Chokes for a while, and refuses what it was asked for. */
  #choke(remote: RemotePeer, range: BlockRange): void {
    const refused = [range, ...this.#queueOf(remote).splice(0)];
    this.#choking.set(remote, true);
    remote.send(CHOKE_MESSAGE);
    if (this.#manners.fast ?? true) for (const wanted of refused) remote.send(encodeReject(wanted));
    this.#unchokeSoon(remote, 500);
  }

  #cancelled(remote: RemotePeer, range: BlockRange): void {
    const wanted = this.#queueOf(remote);
    const at = wanted.findIndex(({ piece, begin }) => piece === range.piece && begin === range.begin);
    if (at < 0) return;
    wanted.splice(at, 1);
    if (this.#manners.fast ?? true) remote.send(encodeReject(range));
  }

  #queueOf(remote: RemotePeer): BlockRange[] {
    const wanted = this.#wanted.get(remote) ?? [];
    this.#wanted.set(remote, wanted);
    return wanted;
  }

  #chance(habit: 'corrupts' | 'rejects' | 'ignores' | 'chokes' | 'hangsUp' | 'stallsInside' | 'repeats'): boolean {
    const chance = this.#manners[habit] ?? 0;
    return chance > 0 && this.#manners.random.next() < chance;
  }
}
