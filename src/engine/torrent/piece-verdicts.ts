// What the disk finds of pieces: verified, or corrupt, and then whose fault that is.
import type { LinkId } from '../ports.ts';
import type { WebSeeds } from '../webseed/web-seeds.ts';
import { Blame } from './blame.ts';
import type { PieceIndex } from './geometry.ts';
import type { Intake } from './intake.ts';
import type { PeerRelations } from './peer-relations.ts';
import type { TorrentObserver } from './torrent-spec.ts';

/** Whom the verdicts concern. */
export interface VerdictParts {
  readonly intake: Intake;
  readonly relations: PeerRelations;
  readonly webSeeds: WebSeeds;
}

export class PieceVerdicts {
  readonly #parts: VerdictParts;
  readonly #observer: TorrentObserver;
  readonly #blame = new Blame();

  constructor(parts: VerdictParts, observer: TorrentObserver) {
    this.#parts = parts;
    this.#observer = observer;
  }

  runStored(piece: number, run: number, outcome: number): void {
    const stored = this.#parts.intake.stored(piece, run, outcome);
    if (stored.kind === 'verified') {
      this.#blame.pieceVerified(stored.piece);
      this.#parts.relations.announcePiece(stored.piece);
      this.#observer.pieceVerified(stored.piece);
    }
    if (stored.kind === 'corrupt') this.#pieceFailed(stored.piece, stored.contributors!);
  }

  /** A failed piece is verified by now, and this block of it was another one then. */
  blockDiffered(piece: number, version: number, block: number): void {
    const liar = this.#blame.blockDiffered(piece, version, block);
    if (liar !== undefined) this.#punish(liar, `sent block ${block} of piece ${piece} corrupt; banned`);
  }

  #pieceFailed(piece: PieceIndex, contributors: Int32Array): void {
    const guilty = this.#blame.pieceFailed(piece, contributors);
    if (guilty !== undefined) return this.#punish(guilty, `sent piece ${piece} corrupt; banned`);
    const message = `piece ${piece} from ${new Set(contributors).size} peers failed its hash; one alone sends it again`;
    this.#observer.warned({ code: 'ERR_PIECE_CORRUPT', message });
  }

  #punish(link: LinkId, message: string): void {
    this.#parts.relations.punish(link, message);
    this.#parts.webSeeds.punish(link, message);
  }
}
