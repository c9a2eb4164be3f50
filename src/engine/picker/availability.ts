// How many connected peers have each piece. Seeds are counted once for all pieces: they change no order of rarity,
// and a swarm is mostly seeds.

/** Counts per piece, without the seeds. */
export class Availability {
  readonly #counts: Uint16Array;
  /** Connected peers that joined with every piece. */
  seeds = 0;

  constructor(pieceCount: number) {
    this.#counts = new Uint16Array(pieceCount);
  }

  /** Peers that have the piece, seeds among them. */
  of(piece: number): number {
    return this.#counts[piece]! + this.seeds;
  }

  /** Peers that have the piece, seeds left out: what the order of rarity is made of. */
  rarityOf(piece: number): number {
    return this.#counts[piece]!;
  }

  raise(piece: number): void {
    this.#counts[piece]!++;
  }

  lower(piece: number): void {
    this.#counts[piece]!--;
  }
}
