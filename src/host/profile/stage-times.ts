// Where the engine's thread spends its time, by stage. Made only for `profile: true`; without it nothing of this runs.
// Stages nest (a received block calls the engine, which asks for more): each is charged with its own time only.

/** The stages of a block's way on the engine's thread. */
export const STAGES = ['place', 'callback', 'request', 'serve', 'store'] as const;

export type Stage = (typeof STAGES)[number];

/** Numbers that are kept: calls and time of each stage. */
export const STAGE_FIGURES: number = 2 * STAGES.length;

/** One stage's totals. */
export interface StageTotal {
  readonly stage: Stage;
  readonly calls: number;
  readonly ms: number;
}

/** A stop watch with a stack. */
export class StageTimes {
  readonly #calls: Float64Array;
  readonly #ms: Float64Array;
  readonly #stack: number[] = [];
  #sinceMs = 0;

  /** Measures in memory of its own, or in that of somebody who wants to read it from another thread. */
  constructor(figures: Float64Array = new Float64Array(STAGE_FIGURES)) {
    this.#calls = figures.subarray(0, STAGES.length);
    this.#ms = figures.subarray(STAGES.length, STAGE_FIGURES);
  }

  enter(stage: Stage): void {
    const nowMs = performance.now();
    const outer = this.#stack.at(-1);
    if (outer !== undefined) this.#ms[outer]! += nowMs - this.#sinceMs;
    const index = STAGES.indexOf(stage);
    this.#stack.push(index);
    this.#calls[index]! += 1;
    this.#sinceMs = nowMs;
  }

  leave(): void {
    const nowMs = performance.now();
    const index = this.#stack.pop();
    if (index !== undefined) this.#ms[index]! += nowMs - this.#sinceMs;
    this.#sinceMs = nowMs;
  }

  totals(): StageTotal[] {
    return STAGES.map((stage, index) => ({ stage, calls: this.#calls[index]!, ms: this.#ms[index]! }));
  }
}
