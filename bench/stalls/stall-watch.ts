// Measures how long the event loop is held up while something goes on: the program can do nothing else in that time, not draw a
// picture, not answer a request.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

const RESOLUTION_MS = 1;
/** The watch needs two looks at the clock before it can tell the time between them. */
const WARM_UP_MS = 20;

/** The longest stall in one step. */
export interface Stall {
  readonly step: string;
  readonly stallMs: number;
  /** How long the whole step took. */
  readonly seconds: number;
}

/** Runs the step; the garbage of those before it is not counted against it. */
export async function watchStall(step: string, act: () => unknown): Promise<Stall> {
  globalThis.gc?.();
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  await delay(WARM_UP_MS);
  delays.reset();
  await delay(RESOLUTION_MS * 2);
  const fromMs = performance.now();
  await act();
  const seconds = (performance.now() - fromMs) / 1000;
  await delay(WARM_UP_MS);
  delays.disable();
  return { step, stallMs: Math.max(0, delays.max / 1e6 - RESOLUTION_MS), seconds };
}
