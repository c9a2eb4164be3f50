// Bounded waiting: a test that hangs says what it hung on.

/** Waits for `promise`, at most `timeoutMs`; fails with what was being waited for. */
export async function within<T>(promise: Promise<T>, timeoutMs: number, what: string | (() => string)): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new Error(`gave up after ${timeoutMs / 1000} s of waiting for ${typeof what === 'string' ? what : what()}`),
      );
    }, timeoutMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** A moment between two questions to a foreign program that has no events to await. Never for anything else. */
export function pauseMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
