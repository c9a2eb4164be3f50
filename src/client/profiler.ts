// What a client measures when asked to: time per stage, event-loop delay, queue depths, and the bottleneck in a sentence.
import { type EventLoopUtilization, type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { DiskStats } from '../host/disk/disk-counters.ts';
import { StageTimes } from '../host/profile/stage-times.ts';
import type { ReceiveCounters } from '../protocol/wire/receive-counters.ts';
import type { ProfileGauge, ProfileReport, ProfileStage } from './types.ts';

/** Busier than this, a thread is the bottleneck. */
const BUSY_SHARE = 0.85;
const NANOSECONDS = 1e6;

/** The sources of a report. */
export interface ProfileFacts {
  readonly received: ReceiveCounters;
  readonly disk: DiskStats;
  readonly diskWorkers: number;
  readonly memoryPeakBytes: number;
  readonly memoryCapBytes: number;
  /** Most bytes that waited for the disk at once. */
  readonly storingPeakBytes: number;
}

/** Measures from its making on. */
export class Profiler {
  readonly times: StageTimes = new StageTimes();
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: 1 });
  readonly #startMs: number = performance.now();
  readonly #utilization: EventLoopUtilization = performance.eventLoopUtilization();

  constructor() {
    this.#delay.enable();
  }

  report(facts: ProfileFacts): ProfileReport {
    const wallMs = performance.now() - this.#startMs;
    const mainBusy = performance.eventLoopUtilization(this.#utilization).utilization;
    const diskBusy = (facts.disk.hashMs + facts.disk.writeMs) / (wallMs * facts.diskWorkers);
    const stages = this.#stages(facts, wallMs * mainBusy);
    const gauges: ProfileGauge[] = [
      { name: 'engine thread busy', value: mainBusy * 100, unit: '%' },
      { name: 'disk workers busy', value: diskBusy * 100, unit: '%' },
      { name: 'event-loop delay p50', value: this.#delay.percentile(50) / NANOSECONDS, unit: 'ms' },
      { name: 'event-loop delay p99', value: this.#delay.percentile(99) / NANOSECONDS, unit: 'ms' },
      { name: 'event-loop delay max', value: this.#delay.max / NANOSECONDS, unit: 'ms' },
      { name: 'piece memory peak', value: facts.memoryPeakBytes / 2 ** 20, unit: 'MiB' },
      { name: 'waiting for the disk, peak', value: facts.storingPeakBytes / 2 ** 20, unit: 'MiB' },
      {
        name: 'bytes per socket read',
        value: facts.received.placedBytes / Math.max(1, facts.received.reads),
        unit: 'B',
      },
      { name: 'bytes per disk write', value: facts.disk.bytesWritten / Math.max(1, facts.disk.writeCalls), unit: 'B' },
    ];
    return { stages, gauges, bottleneck: nameBottleneck(mainBusy, diskBusy, facts) };
  }

  close(): void {
    this.#delay.disable();
  }

  #stages(facts: ProfileFacts, activeMs: number): ProfileStage[] {
    const bytes = facts.received.placedBytes + facts.received.copiedBytes;
    const stages: ProfileStage[] = this.times.totals().map(({ stage, calls, ms }) => ({
      name: STAGE_NAMES[stage],
      calls,
      ms,
      bytes: stage === 'place' ? bytes : 0,
    }));
    const measuredMs = stages.reduce((sum, stage) => sum + stage.ms, 0);
    stages.unshift({
      name: 'socket read (kernel and Node)',
      calls: facts.received.reads,
      ms: Math.max(0, activeMs - measuredMs),
      bytes,
    });
    stages.push({
      name: 'hash (disk workers)',
      calls: facts.disk.runs,
      ms: facts.disk.hashMs,
      bytes: facts.disk.bytesWritten,
    });
    stages.push({
      name: 'write (disk workers)',
      calls: facts.disk.writeCalls,
      ms: facts.disk.writeMs,
      bytes: facts.disk.bytesWritten,
    });
    return stages;
  }
}

const STAGE_NAMES = {
  place: 'decode and place',
  callback: 'engine callback',
  request: 'request',
  serve: 'serve',
  store: 'hand to the disk',
} as const;

function nameBottleneck(mainBusy: number, diskBusy: number, facts: ProfileFacts): string {
  const shares = `the engine's thread was busy ${percent(mainBusy)} of the time, the disk workers ${percent(diskBusy)}`;
  if (diskBusy > BUSY_SHARE && diskBusy >= mainBusy) {
    const worse = facts.disk.hashMs > facts.disk.writeMs ? 'hashing' : 'writing';
    return `The disk workers were the bottleneck, with ${worse} ahead: ${shares}.`;
  }
  if (mainBusy > BUSY_SHARE) return `The engine's thread was the bottleneck: ${shares}.`;
  if (facts.memoryPeakBytes >= facts.memoryCapBytes)
    return `Piece memory was the bottleneck: it was full, while ${shares}.`;
  return `The peers or the network were the bottleneck: ${shares}.`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
