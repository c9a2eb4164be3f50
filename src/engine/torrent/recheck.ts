// A torrent whose files are hashed again while its peers stay: nothing is asked for and nothing served that may turn out to
// be wrong; afterwards peers hear of what was lost (BEP 54) and what was found.
import type { Bitfield } from '../../base/bitfield.ts';
import type { Upload } from '../upload/upload.ts';
import type { PieceIndex } from './geometry.ts';
import type { Intake } from './intake.ts';
import { LOSSES_TOLD_MAX, RECHECK_PATIENCE_MS } from './limits.ts';
import type { PeerRelations } from './peer-relations.ts';

/** What a recheck works with. */
export interface RecheckParts {
  readonly intake: Intake;
  readonly upload: Upload;
  readonly relations: PeerRelations;
}

export class Recheck {
  /** How many there were: what is had may be other pieces since, though as many. */
  count = 0;
  readonly #parts: RecheckParts;
  #sinceMs: number | undefined;

  constructor(parts: RecheckParts) {
    this.#parts = parts;
  }

  /** Nothing more is asked for or served. The disk may be read once `quiet`. */
  begin(nowMs: number): void {
    const { intake, upload, relations } = this.#parts;
    this.#sinceMs = nowMs;
    intake.open = false;
    upload.open = false;
    relations.choking.standStill();
    upload.forget();
    for (const peer of relations.swarm.peers()) {
      intake.turnAway(peer, true);
      relations.updateInterest(peer);
    }
  }

  /** Nothing is on its way to the files. */
  get quiet(): boolean {
    return this.#parts.intake.download.pieces.empty;
  }

  /** Control tick. Who is in the middle of a block has a moment to finish it. */
  tick(nowMs: number): void {
    if (this.#sinceMs === undefined || nowMs - this.#sinceMs < RECHECK_PATIENCE_MS) return;
    for (const peer of this.#parts.relations.swarm.peers()) {
      if (peer.debt.outstanding > 0) this.#parts.relations.drop(peer, 'ERR_PEER_STOPPED', 'holds up a recheck');
    }
  }

  /** This is what the files hold. */
  end(had: Bitfield): void {
    const { intake, relations } = this.#parts;
    const { picker } = intake.download;
    const lost: PieceIndex[] = [];
    const found: PieceIndex[] = [];
    for (let at = 0; at < had.length; at++) {
      const piece = at as PieceIndex;
      if (picker.had.has(piece) && !had.has(piece)) lost.push(piece);
      if (!picker.had.has(piece) && had.has(piece)) found.push(piece);
    }
    picker.setHad(had);
    this.count++;
    if (lost.length > LOSSES_TOLD_MAX) relations.dropAll('ERR_PEER_LOSS', 'is to hear anew what we have');
    for (const piece of lost) relations.announceLoss(piece);
    for (const piece of found) relations.announcePiece(piece);
    this.resume();
  }

  /** Serving may go on: the files were hashed, or that was given up. */
  resume(): void {
    this.#sinceMs = undefined;
    this.#parts.upload.open = true;
    this.#parts.relations.choking.open = true;
  }
}
