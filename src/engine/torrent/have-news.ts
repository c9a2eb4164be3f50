// The pieces that we gained and have not told of yet (BEP 3, HAVE). A slow download tells of each at once; a fast one tells
// of several in one go, for a write to each of a hundred peers for each of hundreds of pieces a second costs more than
// everything else that is done for a piece.
import { concatBytes } from '../../base/bytes.ts';
import { encodeHave } from '../../protocol/wire/message-writer.ts';
import type { Peer } from '../swarm/peer.ts';
import type { PieceIndex } from './geometry.ts';
import { HAVE_GATHER_MS } from './limits.ts';

export interface HaveNewsParts {
  /** Who is to hear of it. */
  readonly listeners: () => Iterable<Peer>;
  readonly send: (peer: Peer, bytes: Uint8Array) => void;
}

export class HaveNews {
  readonly #parts: HaveNewsParts;
  #gained: PieceIndex[] = [];
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(parts: HaveNewsParts) {
    this.#parts = parts;
  }

  gained(piece: PieceIndex, nowMs: number): void {
    this.#gained.push(piece);
    if (nowMs - this.#toldMs >= HAVE_GATHER_MS) this.tell(nowMs);
  }

  /** Tells of everything: on the control tick, and before anything that the peers must not hear first. */
  tell(nowMs: number): void {
    if (this.#gained.length === 0) return;
    this.#toldMs = nowMs;
    const gained = this.#gained;
    this.#gained = [];
    const news = concatBytes(gained.map(encodeHave));
    for (const peer of this.#parts.listeners()) {
      const { have } = peer.pieces;
      const fresh = gained.filter((piece) => !have.has(piece));
      // Those who have a piece know of it already.
      if (fresh.length === gained.length) this.#parts.send(peer, news);
      else if (fresh.length > 0) this.#parts.send(peer, concatBytes(fresh.map(encodeHave)));
    }
  }
}
