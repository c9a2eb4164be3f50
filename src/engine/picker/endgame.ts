// Endgame (BEP 3): when every block that is wanted has been asked of somebody, an idle peer is asked for some of them, too,
// so that one slow peer does not hold up the end. Only where that helps: the block that is expected last comes first, and
// only while the idle peer would bring it well before whoever owes it. So two peers of the same pace share what is left,
// and a peer that is fast enough is left alone. Each duplicate gets a place of its own; see arrivals.ts for who wins.
import type { SparseMap } from '../../base/sparse-map.ts';
import { type LinkId, REQUEST_PLACE, REQUEST_STRIDE } from '../ports.ts';
import { type ActivePiece, BLOCK_AWAITING, BLOCK_REQUESTED } from './active-piece.ts';
import type { ActivePieces } from './active-pieces.ts';
import type { DownloadPeer } from './download-peer.ts';
import type { Duplicates } from './duplicates.ts';
import {
  DUPLICATE_GAIN,
  DUPLICATE_WAIT_MIN_MS,
  DUPLICATES_AT_ONCE,
  DUPLICATES_PER_BLOCK,
  DUPLICATES_SPAN_MS,
  SILENT_BLOCK_MS,
} from './limits.ts';

export class Endgame {
  readonly #pieces: ActivePieces;
  readonly #duplicates: Duplicates;
  readonly #peers: SparseMap<LinkId, DownloadPeer>;
  // What is expected last.
  #active: ActivePiece | undefined;
  #block = 0;
  #waitMs = 0;

  constructor(pieces: ActivePieces, duplicates: Duplicates, peers: SparseMap<LinkId, DownloadPeer>) {
    this.#pieces = pieces;
    this.#duplicates = duplicates;
    this.#peers = peers;
  }

  /** True when no block is wanted that nobody has been asked for: the end is near, not only what the present peers have. */
  get begun(): boolean {
    const { list, picker } = this.#pieces;
    let underWay = 0;
    for (const active of list) {
      if (active.wanted > 0) return false;
      if (picker.isWanted(active.index)) underWay++;
    }
    return list.length > 0 && underWay === picker.wantedCount;
  }

  /**
   * Writes the REQUEST record of a block that another owes us to `batch`, or nothing; returns how many. Ask only for peers
   * that have nothing else to do, one block at a time: by the next one more is known of who is how fast.
   */
  plan(peer: DownloadPeer, batch: Int32Array, at = 0): number {
    if (!this.begun || this.#duplicates.full) return 0;
    this.#countRelief();
    this.#findLatest(peer);
    const active = this.#active;
    const leastMs = Math.max(DUPLICATE_WAIT_MIN_MS, peer.waitMs(peer.outstanding + 1) * DUPLICATE_GAIN);
    if (active === undefined || !(this.#waitMs > leastMs)) return 0;
    const length = this.#pieces.geometry.blockBytes(active.index, this.#block);
    const place = this.#pieces.ledger.reserve(length, 'duplicate');
    if (place < 0) return 0;
    this.#duplicates.add(peer.link, active.index, this.#block, place);
    this.#pieces.writeRequest(batch, at, active, this.#block);
    batch[at + REQUEST_PLACE] = place;
    peer.outstanding++;
    return 1;
  }

  /**
   * The same for an idle peer, but several blocks at once, up to `blocksMax`, of owners that send nothing: a crowd of those
   * may owe hundreds, and one a round trip would take as long as they do. A slow peer is still asked for one after the other.
   */
  fill(peer: DownloadPeer, blocksMax: number, batch: Int32Array): number {
    const atOnce = peer.blockMs > 0 ? Math.min(blocksMax, DUPLICATES_AT_ONCE, DUPLICATES_SPAN_MS / peer.blockMs) : 1;
    let count = this.plan(peer, batch);
    while (count > 0 && count < Math.floor(atOnce) && this.#ownerIsSilent()) {
      if (this.plan(peer, batch, count * REQUEST_STRIDE) === 0) break;
      count++;
    }
    return count;
  }

  /** Whoever owes the block that was planned last has not sent any, or none for long. */
  #ownerIsSilent(): boolean {
    const owner = this.#peers.get(this.#active!.links[this.#block]!);
    return owner === undefined || owner.blockMs === 0 || owner.blockMs >= SILENT_BLOCK_MS;
  }

  /** A block that somebody else is asked for, too, need not be waited for. */
  #countRelief(): void {
    for (const peer of this.#peers.values()) peer.relieved = 0;
    const { pieces, blocks, count } = this.#duplicates;
    for (let at = 0; at < count; at++) {
      const active = this.#pieces.get(pieces[at]!);
      const block = blocks[at]!;
      if (active === undefined || !isOwed(active, block)) continue;
      const owner = this.#peers.get(active.links[block]!);
      if (owner !== undefined) owner.relieved++;
    }
  }

  /** The block that is expected last of those that this peer may be asked for. Of one owner, the last that it was asked for. */
  #findLatest(peer: DownloadPeer): void {
    this.#active = undefined;
    this.#waitMs = 0;
    for (const active of this.#pieces.list) {
      if (active.exclusive || !peer.pieces.have.has(active.index)) continue;
      for (let block = 0; block < active.blocks; block++) {
        if (active.blockStates[block] !== BLOCK_REQUESTED || active.links[block] === peer.link) continue;
        const waitMs = this.#expectedMs(active, block, peer.link);
        if (waitMs < this.#waitMs || waitMs === 0) continue;
        this.#active = active;
        this.#block = block;
        this.#waitMs = waitMs;
      }
    }
  }

  /** How long until whoever is asked for the block sends it; 0 when nobody else may be asked. */
  #expectedMs(active: ActivePiece, block: number, link: LinkId): number {
    const owner = this.#peers.get(active.links[block]!);
    let waitMs =
      owner === undefined ? Number.POSITIVE_INFINITY : owner.waitMs(Math.max(1, owner.outstanding - owner.relieved));
    const { count, pieces, blocks, links } = this.#duplicates;
    let copies = 0;
    for (let at = 0; at < count; at++) {
      if (pieces[at] !== active.index || blocks[at] !== block) continue;
      if (links[at] === link || ++copies === DUPLICATES_PER_BLOCK) return 0;
      if (copies === 1 && owner !== undefined) waitMs = owner.waitMs(owner.outstanding);
      const helper = this.#peers.get(links[at]!);
      if (helper !== undefined) waitMs = Math.min(waitMs, helper.waitMs(helper.outstanding));
    }
    return waitMs;
  }
}

function isOwed(active: ActivePiece, block: number): boolean {
  return active.blockStates[block] === BLOCK_REQUESTED || active.blockStates[block] === BLOCK_AWAITING;
}
