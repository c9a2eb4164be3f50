// What a client measures when asked to: time per stage, event-loop delay, queue depths, and the bottleneck in a sentence.
import { type EventLoopUtilization, type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Scheduling } from '../engine/scheduling/scheduling.ts';
import type { DiskStats } from '../host/disk/disk-counters.ts';
import type { ReceivedFigures } from '../host/net/net-host.ts';
import { StageTimes } from '../host/profile/stage-times.ts';
import { nameBottleneck } from './bottleneck.ts';
import type { ProfileGauge, ProfileReport, ProfileStage } from './types.ts';

const NANOSECONDS = 1e6;

/** The sources of a report. */
export interface ProfileFacts {
  readonly received: ReceivedFigures;
  /** Of threads that sockets live in, if there are any: where the time went, and how busy each was, from 0 to 1. */
  readonly netTimes: readonly StageTimes[];
  readonly netBusy: readonly number[];
  readonly disk: DiskStats;
  readonly diskWorkers: number;
  readonly memoryPeakBytes: number;
  readonly memoryCapBytes: number;
  /** Most bytes that waited for the disk at once. */
  readonly storingPeakBytes: number;
  /** How much of the download limit, or of a torrent's own, was used, from 0 to 1; 0 without one. */
  readonly limitUsed: number;
  readonly scheduling: Scheduling;
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
    const netMs = wallMs * facts.netBusy.reduce((sum, busy) => sum + busy, 0);
    const stages = this.#stages(facts, facts.netBusy.length > 0 ? netMs : wallMs * mainBusy);
    const gauges: ProfileGauge[] = [
      { name: 'engine thread busy', value: mainBusy * 100, unit: '%' },
      ...facts.netBusy.map((busy, index) => ({ name: `network thread ${index} busy`, value: busy * 100, unit: '%' })),
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
    if (facts.limitUsed > 0) gauges.push({ name: 'download limit used', value: facts.limitUsed * 100, unit: '%' });
    const bottleneck = nameBottleneck({
      engineBusy: mainBusy,
      diskBusy,
      netBusy: Math.max(0, ...facts.netBusy),
      hashing: facts.disk.hashMs > facts.disk.writeMs,
      memoryFull: facts.memoryPeakBytes >= facts.memoryCapBytes,
      limitUsed: facts.limitUsed,
      scheduling: facts.scheduling,
    });
    return { stages, gauges, bottleneck };
  }

  close(): void {
    this.#delay.disable();
  }

  #stages(facts: ProfileFacts, activeMs: number): ProfileStage[] {
    const bytes = facts.received.placedBytes + facts.received.copiedBytes;
    const inThreads = facts.netTimes.map((times) => times.totals());
    const stages: ProfileStage[] = this.times.totals().map(({ stage, calls, ms }, index) => ({
      name: STAGE_NAMES[stage],
      calls: inThreads.reduce((sum, totals) => sum + totals[index]!.calls, calls),
      ms: inThreads.reduce((sum, totals) => sum + totals[index]!.ms, ms),
      bytes: stage === 'place' ? bytes : 0,
    }));
    // What is not measured of the threads that read from sockets is the reading itself.
    const reading = inThreads.length > 0 ? inThreads : [this.times.totals()];
    const measuredMs = reading.flat().reduce((sum, stage) => sum + stage.ms, 0);
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
