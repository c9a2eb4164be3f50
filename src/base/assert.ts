// Assertions guard against our own bugs, never against input. A failed one must not be caught to continue.

/** Throws when `condition` is false: the program has a bug, and `message` says which invariant broke. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

/** Makes the compiler prove that a `switch` handles every case. */
export function assertNever(value: never): never {
  throw new Error(`assertion failed: unexpected case ${JSON.stringify(value)}`);
}
