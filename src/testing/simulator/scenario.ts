// What a scenario is: a world to be set up, what must come of it, and within which bounds.
import type { World } from './world.ts';

/** Bounds that a run has to keep. */
export interface Bounds {
  /** Virtual time after which everybody who can be is complete. */
  readonly deadlineMs: number;
  /** Blocks asked for twice, as a share of the others, beyond a few for each download. Default 0.1. */
  readonly duplicates?: number;
  /** Bytes that came for nothing, as a share of those needed. Default 0.35. */
  readonly wasted?: number;
  /** Least Jain index of the downloaders' mean rates. Not looked at by default. */
  readonly fairness?: number;
  /** The same of what each has when half of all is there. Not looked at by default. */
  readonly halfwayFairness?: number;
}

export interface Scenario {
  readonly name: string;
  /** One sentence for whoever reads the table. */
  readonly about: string;
  readonly bounds: Bounds;
  /** Fills the world. Sizes are drawn from the world's seed; what is to happen later is planned with `later` and `when`. */
  set(world: World): void;
  /** What else must be true at the end; one line for each thing that is not. */
  judge?(world: World): string[];
  /** Share of the seeds of a mixed run that go to this scenario, 1 by default; large worlds take less. */
  readonly weight?: number;
}
