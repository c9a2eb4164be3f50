// What a run cost: wall-clock time, CPU time of all threads, memory at its peak.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import type { Clock } from '../base/clock.ts';

/** The cost of a stretch of work. */
export interface Cost {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
}

/** Measures from its construction on. CPU time is counted since the process started, or since `now`. */
export class CostMeter {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #startCpuSeconds: number;

  constructor(clock: Clock, cpuSince: 'process-start' | 'now') {
    this.#clock = clock;
    this.#startMs = clock.nowMs();
    this.#startCpuSeconds = cpuSince === 'now' ? cpuSeconds() : 0;
  }

  read(): Cost {
    return {
      seconds: (this.#clock.nowMs() - this.#startMs) / 1000,
      cpuSeconds: cpuSeconds() - this.#startCpuSeconds,
      peakRssBytes: peakRssBytes(),
    };
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Linux lets a child inherit the peak of the process that started it, so there the kernel's own mark is read. */
function peakRssBytes(): number {
  if (process.platform === 'linux') {
    const mark = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    if (mark) return Number(mark[1]) * 1024;
  }
  return process.resourceUsage().maxRSS * 1024;
}
