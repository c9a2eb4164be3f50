// Throws mutated inputs at one decoder until their number is reached or one of them breaks it.
import { SeededRandom } from '#src/testing/seeded-random.ts';
import { corpus } from './corpus.ts';
import { Mutator } from './mutation.ts';
import type { FuzzTarget } from './targets.ts';

/** An input that takes longer is a way to stop the whole client with one message. */
const SLOWEST_MS = 1000;
/** Spreads neighbouring seeds: any odd 32-bit number does. */
const SEED_STEP = 0x9e3779b1;

/** An input that broke its decoder. */
export interface Crash {
  readonly input: Uint8Array;
  readonly index: number;
  readonly error: unknown;
}

/** Runs one input; returns what is wrong with the decoder's answer, if anything is. */
export function tryInput(target: FuzzTarget, input: Uint8Array): unknown {
  const startedAtMs = performance.now();
  try {
    target.run(input);
  } catch (error) {
    return error;
  }
  const tookMs = performance.now() - startedAtMs;
  return tookMs > SLOWEST_MS ? new Error(`took ${Math.round(tookMs)} ms`) : undefined;
}

/** Tries inputs number `from` up to `to`; each is made from `seed` and its number alone. */
export function fuzz(target: FuzzTarget, seed: number, from: number, to: number): Crash | undefined {
  const mutator = new Mutator(
    corpus(target.name).map((entry) => entry.bytes),
    target.tokens,
  );
  for (let index = from; index < to; index++) {
    const input = mutator.next(new SeededRandom(seed + Math.imul(index, SEED_STEP)));
    const error = tryInput(target, input);
    if (error !== undefined) return { input, index, error };
  }
  return undefined;
}
