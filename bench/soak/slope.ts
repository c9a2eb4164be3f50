// Whether something grows: a straight line through the second half of a run, by least squares. The first half is for what grows
// once: pools, caches, compiled code.

/** How much `values` grow from one to the next, over their second half. */
export function slope(values: readonly number[]): number {
  const tail = values.slice(Math.floor(values.length / 2));
  const middle = (tail.length - 1) / 2;
  const mean = tail.reduce((sum, value) => sum + value, 0) / tail.length;
  let up = 0;
  let across = 0;
  for (const [at, value] of tail.entries()) {
    up += (at - middle) * (value - mean);
    across += (at - middle) ** 2;
  }
  return across === 0 ? 0 : up / across;
}
