// Taking turns: whoever is always first in line would take all that is scarce.
import { type Random, randomBelow } from './clock.ts';

/** All items in their order, from a random one on and round. */
export function* fromRandomStart<T>(items: Iterable<T>, random: Random): Generator<T> {
  const list = [...items];
  const start = randomBelow(random, list.length);
  for (let turn = 0; turn < list.length; turn++) yield list[(start + turn) % list.length]!;
}
