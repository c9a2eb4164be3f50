// A long computation in steps: it says where it may be interrupted, and whoever runs it says when it is.

/** Runs to its end and returns a `T`; each time that it yields, something else may be done first. */
export type Steps<T> = Generator<undefined, T>;

/** Runs a computation without a break. */
export function runSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Acts on each item, with a break after so many of them. */
export function* eachInSteps<T>(
  items: readonly T[],
  perStep: number,
  act: (item: T, index: number) => void,
): Steps<void> {
  for (const [index, item] of items.entries()) {
    act(item, index);
    if (index % perStep === perStep - 1) yield;
  }
}
