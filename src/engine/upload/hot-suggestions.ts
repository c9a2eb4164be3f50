// Suggests to peers what lies in memory because others fetch it, too (BEP 6, SUGGEST): one read then serves more of
// them. Rare and bounded, as a suggestion costs the peer its own choice.

import type { Peer } from '../swarm/peer.ts';
import type { PieceIndex } from '../torrent/geometry.ts';
import { SUGGEST_INTERVAL_MS, SUGGESTED_PER_PEER_MAX } from './limits.ts';

/** Decides what to suggest to whom. */
export class HotSuggestions {
  readonly #suggested = new WeakMap<Peer, PieceIndex[]>();
  #nextMs = Number.NEGATIVE_INFINITY;

  /** Control tick; `hotPieces` are asked for when it is time. Each peer is told of one piece at most, and of none twice. */
  tick(
    peers: Iterable<Peer>,
    nowMs: number,
    hotPieces: () => readonly PieceIndex[],
    suggest: (peer: Peer, piece: PieceIndex) => void,
  ): void {
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + SUGGEST_INTERVAL_MS;
    const hot = hotPieces();
    if (hot.length === 0) return;
    for (const peer of peers) {
      if (!peer.fast || peer.weChoke || !peer.interestedInUs || peer.mayDeclarePieces) continue;
      const told = this.#suggested.get(peer) ?? [];
      if (told.length >= SUGGESTED_PER_PEER_MAX) continue;
      const piece = hot.find((one) => !peer.pieces.have.has(one) && !told.includes(one));
      if (piece === undefined) continue;
      told.push(piece);
      this.#suggested.set(peer, told);
      suggest(peer, piece);
    }
  }
}
