// Asks a tracker over both address families at once (BEP 7): each learns of us by the address that it sees, and names the
// peers that it knows. One answer is enough; the other is waited for a little longer.
import { TrackerFailure } from '../../protocol/tracker/tracker-failure.ts';
import { TRACKER_OTHER_FAMILY_MS } from '../limits.ts';

/**
 * Resolves to the answers, in the order in which they were asked for; at least one. What is late is aborted. Rejects when all
 * fail, with a tracker's own refusal sooner than with the reason why one could not be reached.
 */
export async function askEach<T>(
  asks: readonly ((signal: AbortSignal) => Promise<T>)[],
  signal: AbortSignal,
): Promise<readonly T[]> {
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  let timer: NodeJS.Timeout | undefined;
  try {
    const running = asks.map((ask) => ask(controller.signal));
    const all = Promise.allSettled(running);
    await Promise.any(running).catch(() => undefined);
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, TRACKER_OTHER_FAMILY_MS);
    });
    await Promise.race([all, late]);
    controller.abort(signal.reason ?? new Error('the other address family has answered'));
    const settled = await all;
    const answers = settled.filter((one) => one.status === 'fulfilled').map(({ value }) => value);
    if (answers.length > 0) return answers;
    const reasons: unknown[] = settled.filter((one) => one.status === 'rejected').map(({ reason }) => reason);
    throw reasons.find((reason) => reason instanceof TrackerFailure) ?? reasons[0];
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}
