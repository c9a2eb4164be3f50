// What a shard counts, in shared memory: the shard writes, the engine's thread reads whenever it is asked, nobody waits.
import { RECEIVE_COUNTS, ReceiveCounters } from '../../../protocol/wire/receive-counters.ts';
import { STAGE_FIGURES, StageTimes } from '../../profile/stage-times.ts';

const BYTES = 8;

export class ShardFigures {
  readonly memory: SharedArrayBuffer;
  readonly counters: ReceiveCounters;
  readonly times: StageTimes;
  readonly #sealed: Float64Array;

  /** `memory` is what another one was made with, in the other thread. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer((RECEIVE_COUNTS + STAGE_FIGURES + 1) * BYTES)) {
    this.memory = memory;
    this.counters = new ReceiveCounters(new Float64Array(memory, 0, RECEIVE_COUNTS));
    this.times = new StageTimes(new Float64Array(memory, RECEIVE_COUNTS * BYTES, STAGE_FIGURES));
    this.#sealed = new Float64Array(memory, (RECEIVE_COUNTS + STAGE_FIGURES) * BYTES, 1);
  }

  /** Block bytes that were copied because they left encrypted. */
  get sealedBytes(): number {
    return this.#sealed[0]!;
  }

  set sealedBytes(bytes: number) {
    this.#sealed[0] = bytes;
  }
}
