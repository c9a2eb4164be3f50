// Runs on their way to one disk worker. When they come fast they are gathered until there are as many as it hashes side by
// side, for a moment at most: sixteen take little longer than one (decision 16), and one message brings them all. Those
// that come slowly go at once, and a worker that has done all it had does not wait for the last few.
import { RUN_STRIDE } from '../../engine/ports.ts';
import { GATHER_MS } from '../limits.ts';
import { RecordBuffer } from './record-buffer.ts';

/** When there is enough for a message. */
export interface GatherLimits {
  /** So many runs, if they also have … */
  readonly runs: number;
  /** … so many bytes: small pieces are written together. */
  readonly bytes: number;
  /** Bytes that go whatever they are: what is gathered is memory that nobody can use. */
  readonly bytesMax: number;
}

export class RunGatherer {
  readonly #limits: GatherLimits;
  readonly #send: (batch: Int32Array) => void;
  readonly #nowMs: () => number;
  readonly #runs = new RecordBuffer(RUN_STRIDE);
  #bytes = 0;
  /** Runs that were sent and are not reported. */
  #underway = 0;
  #sentAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** `send` gets a `storeRuns` batch, which is its own. */
  constructor(limits: GatherLimits, send: (batch: Int32Array) => void, nowMs: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#send = send;
    this.#nowMs = nowMs;
  }

  /** Takes the record of `batch` that starts at `offset`, a run of `bytes` bytes. */
  add(batch: Int32Array, offset: number, bytes: number): void {
    this.#runs.push(batch, offset);
    this.#bytes += bytes;
  }

  /** To be called when all that came together was added: sends it, or leaves it to be joined by what comes next. */
  settle(): void {
    if (this.#runs.count === 0) return;
    const { runs, bytes, bytesMax } = this.#limits;
    const full = (this.#runs.count >= runs && this.#bytes >= bytes) || this.#bytes >= bytesMax;
    const leftMs = full ? 0 : this.#sentAtMs + GATHER_MS - this.#nowMs();
    if (leftMs <= 0) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), leftMs);
  }

  /** Sends what there is: something comes that must not overtake it. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#runs.count === 0) return;
    this.#bytes = 0;
    this.#underway += this.#runs.count;
    this.#sentAtMs = this.#nowMs();
    this.#send(this.#runs.take());
  }

  /** The worker is done with so many runs. */
  reported(runs: number): void {
    this.#underway -= runs;
    if (this.#underway === 0 && this.#runs.count * 2 >= this.#limits.runs) this.flush();
  }

  /** Nothing leaves any more. */
  drop(): void {
    clearTimeout(this.#timer);
    this.#runs.take();
  }
}
