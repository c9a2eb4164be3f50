// Asks of the system what it may refuse without anybody having to mend anything: an interface that is gone by now, a group
// that has been joined before.

/** Returns whether the system did it. What is not the system's refusal is thrown on. */
export function attempt(act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}
