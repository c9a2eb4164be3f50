// When seeding has been enough: so much sent for what is here, or so long. Pure; looked at on the control tick.
import type { Bitfield } from '../../base/bitfield.ts';
import type { Geometry, PieceIndex } from './geometry.ts';

/** What ends seeding, whichever comes first. */
export interface SeedGoal {
  /** Bytes sent, in earlier runs, too, over the bytes that are verified on disk. */
  readonly ratio?: number | undefined;
  /** Seconds of seeding in this run; pauses do not count. */
  readonly seconds?: number | undefined;
}

/** A goal that was reached, and where things stood then. */
export interface SeedGoalReached {
  readonly reason: 'ratio' | 'seconds';
  readonly ratio: number;
  readonly seconds: number;
}

function ratioOf(uploadedBytes: number, had: Bitfield, geometry: Geometry): number {
  const last = geometry.pieceCount - 1;
  const short = had.has(last) ? geometry.pieceBytes - geometry.bytesIn(last as PieceIndex) : 0;
  const bytes = had.count * geometry.pieceBytes - short;
  return bytes > 0 ? uploadedBytes / bytes : 0;
}

/** What the watch looks at. */
export interface SeedGoalFacts {
  readonly geometry: Geometry;
  readonly had: Bitfield;
  readonly upload: { readonly totalBytes: number };
  readonly uploadedBefore?: number | undefined;
}

/** Measures what was sent and the time of seeding, and says once when a goal is reached. */
export class SeedGoalWatch {
  readonly #facts: SeedGoalFacts;
  #goal: SeedGoal | undefined;
  #seedingMs = 0;
  #lastMs: number | undefined;

  constructor(facts: SeedGoalFacts, goal: SeedGoal | undefined) {
    this.#facts = facts;
    this.#goal = goal;
  }

  /** Bytes sent, in earlier runs, too, over bytes that are here; 0 while nothing is. */
  get ratio(): number {
    const { upload, uploadedBefore = 0, had, geometry } = this.#facts;
    return ratioOf(uploadedBefore + upload.totalBytes, had, geometry);
  }

  /** Another goal, or none. What was sent and the time that passed count for it, too. */
  replace(goal: SeedGoal | undefined): void {
    this.#goal = goal;
  }

  /** When the goal is reached by time alone. */
  nextMs(nowMs: number): number {
    const { seconds = Number.POSITIVE_INFINITY } = this.#goal ?? {};
    return nowMs + seconds * 1000 - this.#seedingMs;
  }

  /** Control tick. A goal that was reached is done with: whoever goes on after it seeds on. */
  tick(seeding: boolean, nowMs: number): SeedGoalReached | undefined {
    if (seeding && this.#lastMs !== undefined) this.#seedingMs += nowMs - this.#lastMs;
    this.#lastMs = seeding ? nowMs : undefined;
    const goal = this.#goal;
    if (!seeding || goal === undefined) return undefined;
    const { ratio } = this;
    const seconds = this.#seedingMs / 1000;
    const byRatio = goal.ratio !== undefined && ratio >= goal.ratio;
    const byTime = goal.seconds !== undefined && seconds >= goal.seconds;
    if (!byRatio && !byTime) return undefined;
    this.#goal = undefined;
    return { reason: byRatio ? 'ratio' : 'seconds', ratio, seconds };
  }
}
