// How many connected peers have each piece. Seeds are counted once for all pieces: they change no order of rarity,
// and a swarm is mostly seeds.

const NONE = new Uint16Array(0);

/** Counts per piece, without the seeds. */
export class Availability {
  readonly #pieceCount: number;
  /** Made when the first piece is counted. */
  #counts: Uint16Array = NONE;
  /** Connected peers that joined with every piece. */
  seeds = 0;

  constructor(pieceCount: number) {
    this.#pieceCount = pieceCount;
  }

  /** Peers that have the piece, seeds among them. */
  of(piece: number): number {
    return this.rarityOf(piece) + this.seeds;
  }

  /** Peers that have the piece, seeds left out: what the order of rarity is made of. */
  rarityOf(piece: number): number {
    return this.#counts === NONE ? 0 : this.#counts[piece]!;
  }

  raise(piece: number): void {
    if (this.#counts === NONE) this.#counts = new Uint16Array(this.#pieceCount);
    this.#counts[piece]!++;
  }

  lower(piece: number): void {
    this.#counts[piece]!--;
  }
}
