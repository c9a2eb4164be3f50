// Asks a tracker at the addresses that its name has in one family: at the first, and at the next as soon as that fails or has
// kept silent for a while. The first answer counts, and a tracker's own refusal is one.
import { TrackerFailure } from '../../protocol/tracker/tracker-failure.ts';
import { TRACKER_NEXT_ADDRESS_MS } from '../limits.ts';
import type { TrackerTarget } from './tracker-target.ts';

/** What is asked at an address. */
export type AskAt<T> = (target: TrackerTarget, signal: AbortSignal) => Promise<T>;

/**
 * Resolves to the first answer, when everything that was begun has ended. Rejects with the tracker's refusal, or, when nobody
 * answers, with what the first address failed with. `patienceMs`: when to ask at the next beside one that is silent.
 */
export async function askInTurn<T>(
  targets: readonly TrackerTarget[],
  ask: AskAt<T>,
  signal: AbortSignal,
  patienceMs: number = TRACKER_NEXT_ADDRESS_MS,
): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  const running: Promise<T>[] = [];
  try {
    for (const target of targets) {
      running.push(ask(target, controller.signal));
      if (!(await nextIsDue(running, patienceMs, controller.signal))) break;
    }
    return await firstOf(running);
  } finally {
    controller.abort(signal.reason ?? new Error('another address has answered'));
    await Promise.allSettled(running);
    signal.removeEventListener('abort', abort);
  }
}

/** Whether another address is to be asked: the last one has failed, or nobody has answered for a while. */
async function nextIsDue(
  running: readonly Promise<unknown>[],
  patienceMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(true), patienceMs);
  });
  const failed = running.at(-1)!.then(
    () => false,
    (reason: unknown) => !(reason instanceof TrackerFailure),
  );
  const answered = Promise.any(running.map((one) => one.catch(refused))).then(
    () => false,
    () => new Promise<boolean>(() => undefined),
  );
  const due = await Promise.race([silent, failed, answered]);
  clearTimeout(timer);
  return due && !signal.aborted;
}

/** The first answer or refusal of those that run. */
async function firstOf<T>(running: readonly Promise<T>[]): Promise<T> {
  try {
    const first = await Promise.any(running.map((one) => one.then((answer) => ({ answer }), refused)));
    if (first instanceof TrackerFailure) throw first;
    return first.answer;
  } catch (error) {
    if (error instanceof AggregateError) throw error.errors[0];
    throw error;
  }
}

/** A refusal is an answer; any other failure stays one. */
function refused(reason: unknown): TrackerFailure {
  if (reason instanceof TrackerFailure) return reason;
  throw reason;
}
