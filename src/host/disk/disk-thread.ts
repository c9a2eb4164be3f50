// The main thread's end of one disk worker: gathers and posts packed batches, matches answers to calls.
import { Worker } from 'node:worker_threads';
import { assert } from '../../base/assert.ts';
import { READ_STRIDE, STORED_STRIDE } from '../../engine/ports.ts';
import { WORKER_NURSERY_MIB } from '../limits.ts';
import type { DiskAnswer, DiskCall, DiskWorkerData, FromDiskWorker, ToDiskWorker } from './disk-messages.ts';
import { RecordBuffer } from './record-buffer.ts';
import { type GatherLimits, RunGatherer } from './run-gatherer.ts';
import { unpackFailure } from './storage-failure.ts';

interface Waiting {
  readonly resolve: (answer: DiskAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** Hears of runs and reads; answers to calls do not come here. */
export type DiskListener = (message: Exclude<FromDiskWorker, { kind: 'answer' }>) => void;

export class DiskThread {
  /** Takes the runs that are to be stored. */
  readonly runs: RunGatherer;
  /** Takes the reads that leave with `postReads`. */
  readonly reads: RecordBuffer = new RecordBuffer(READ_STRIDE);
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #ending = false;

  constructor(data: DiskWorkerData, gathers: GatherLimits, listener: DiskListener) {
    this.runs = new RunGatherer(gathers, (batch) => this.#worker.postMessage({ kind: 'runs', batch }));
    this.#worker = new Worker(new URL('./disk-worker.js', import.meta.url), {
      workerData: data,
      name: `disk ${data.worker}`,
      resourceLimits: { maxYoungGenerationSizeMb: WORKER_NURSERY_MIB },
    });
    this.#worker.on('message', (message: FromDiskWorker) => {
      if (message.kind !== 'answer') {
        listener(message);
        if (message.kind === 'stored') this.runs.reported(message.batch.length / STORED_STRIDE);
        return;
      }
      const waiting = this.#waiting.get(message.id);
      assert(waiting !== undefined, 'a disk worker answers a call once');
      this.#waiting.delete(message.id);
      if (message.failure === undefined) waiting.resolve(message);
      else waiting.reject(unpackFailure(message.failure));
    });
    // Storage errors are answers. What ends a worker otherwise is a bug, and it is loud.
    this.#worker.on('error', (error) => {
      throw error;
    });
    this.#worker.on('exit', () => {
      assert(this.#ending, `disk worker ${data.worker} ends when it is told to`);
    });
  }

  /** Sends the reads that came together. They alone overtake runs: peers wait for them. */
  postReads(): void {
    if (this.reads.count > 0) this.#worker.postMessage({ kind: 'reads', batch: this.reads.take() });
  }

  /** Whatever is neither runs nor reads, behind the runs that came before it. */
  post(message: Exclude<ToDiskWorker, { kind: 'runs' | 'reads' }>): void {
    this.runs.flush();
    this.#worker.postMessage(message);
  }

  /** Resolves when it is done, with what it was about; rejects with what the disk refused. */
  call(call: DiskCall): Promise<DiskAnswer> {
    assert(!this.#ending, 'no call comes after the last one');
    if (call.name === 'exit') this.#ending = true;
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.post({ kind: 'call', id, call });
    });
  }

  /** Finishes what was sent, closes the files, ends the thread. A thread that ended itself could lose its last answers. */
  async close(): Promise<void> {
    if (this.#ending) return;
    try {
      await this.call({ name: 'exit' });
    } finally {
      await this.#worker.terminate();
    }
  }

  /** Ends the thread in the middle of what it does; calls that wait are rejected with `reason`. */
  async abandon(reason: Error): Promise<void> {
    this.#ending = true;
    this.runs.drop();
    await this.#worker.terminate();
    for (const waiting of this.#waiting.values()) waiting.reject(reason);
    this.#waiting.clear();
  }
}
