// Time and chance come from outside, so that the same engine runs under a simulated clock and a seeded dice.

/** Milliseconds since some fixed moment; never goes back. */
export interface Clock {
  nowMs(): number;
}

/** A source of uniform numbers in [0, 1). */
export interface Random {
  next(): number;
}

/** A whole number in [0, bound). */
export function randomBelow(random: Random, bound: number): number {
  return Math.floor(random.next() * bound);
}
