// Counters of disk workers in shared memory: a worker adds, the main thread reads, and no message is needed.
// Each worker has its own row, so there is one writer a number; a reader may see a count that is a moment old.

/** What the disk workers have done so far. */
export interface DiskStats {
  /** Runs hashed and written, or refused. */
  readonly runs: number;
  readonly bytesWritten: number;
  readonly writeCalls: number;
  readonly bytesRead: number;
  readonly readCalls: number;
  /** Bytes read from disk again because their run came before its predecessors. */
  readonly readBackBytes: number;
  /** Milliseconds spent hashing; 0 unless profiling. */
  readonly hashMs: number;
  /** Milliseconds spent writing; 0 unless profiling. */
  readonly writeMs: number;
}

/** Columns of a worker's row. */
export const COUNT_RUNS = 0;
export const COUNT_BYTES_WRITTEN = 1;
export const COUNT_WRITE_CALLS = 2;
export const COUNT_BYTES_READ = 3;
export const COUNT_READ_CALLS = 4;
export const COUNT_READ_BACK_BYTES = 5;
export const COUNT_HASH_MS = 6;
export const COUNT_WRITE_MS = 7;
const COLUMNS = 8;

/** The row of one worker. */
export type CounterRow = Float64Array;

/** Memory for the rows of `workers` workers. */
export function counterMemory(workers: number): SharedArrayBuffer {
  return new SharedArrayBuffer(workers * COLUMNS * Float64Array.BYTES_PER_ELEMENT);
}

export function counterRow(memory: SharedArrayBuffer, worker: number): CounterRow {
  return new Float64Array(memory, worker * COLUMNS * Float64Array.BYTES_PER_ELEMENT, COLUMNS);
}

/** The sum over all workers. */
export function sumCounters(memory: SharedArrayBuffer): DiskStats {
  const all = new Float64Array(memory);
  const sum = (column: number) => {
    let total = 0;
    for (let index = column; index < all.length; index += COLUMNS) total += all[index]!;
    return total;
  };
  return {
    runs: sum(COUNT_RUNS),
    bytesWritten: sum(COUNT_BYTES_WRITTEN),
    writeCalls: sum(COUNT_WRITE_CALLS),
    bytesRead: sum(COUNT_BYTES_READ),
    readCalls: sum(COUNT_READ_CALLS),
    readBackBytes: sum(COUNT_READ_BACK_BYTES),
    hashMs: sum(COUNT_HASH_MS),
    writeMs: sum(COUNT_WRITE_MS),
  };
}
