// SHA-1 of several streams side by side, by the module in native/: one chain of steps leaves most of a core idle, three fill
// its SHA unit, and AVX-512 takes sixteen (docs/decisions/0016-sha1-lanes.md). Optional: there when the build found a C compiler.
import { nativeModule } from '../native-module.ts';
import type { Sha1, Sha1Stream } from './sha1.ts';

const DIGEST_BYTES = 20;
const STATE_BYTES = 32;
const BEGINS = 1;
const ENDS = 2;
const PLAN_STRIDE = 2;

/** The loops of the module, as bits. */
export const BY_SHA_INSTRUCTIONS = 1;
export const BY_AVX512 = 2;

/** Streams that each takes at once. */
const SHA_LANES = 3;
const WIDE_LANES = 16;

/** What native/sha1-lanes.c exports. */
export interface LanesModule {
  /** The loops that this CPU can run. */
  readonly kernels: number;
  hash(states: readonly Uint8Array[], plan: Int32Array, views: readonly Uint8Array[], kernels: number): void;
}

/** The module, or `undefined` when it was not built or this CPU lacks the instructions. */
export function loadLanes(): LanesModule | undefined {
  const lanes = nativeModule('sha1-lanes') as LanesModule | undefined;
  return lanes === undefined || lanes.kernels === 0 ? undefined : lanes;
}

class LanesStream implements Sha1Stream {
  readonly state: Uint8Array = new Uint8Array(STATE_BYTES);
  readonly digest: Uint8Array = this.state.subarray(0, DIGEST_BYTES);
  /** Begun and not ended. */
  open = false;
  /** Has bytes that wait for `run`. */
  waits = false;
}

export class Sha1Lanes implements Sha1 {
  readonly abreast: number;
  readonly #lanes: LanesModule;
  readonly #kernels: number;
  readonly #streams: LanesStream[] = [];
  readonly #states: Uint8Array[] = [];
  readonly #views: Uint8Array[] = [];
  #plan = new Int32Array(PLAN_STRIDE * 16);

  constructor(lanes: LanesModule, kernels: number = lanes.kernels) {
    this.#lanes = lanes;
    this.#kernels = kernels;
    this.abreast = (kernels & BY_AVX512) === 0 ? SHA_LANES : WIDE_LANES;
  }

  stream(): Sha1Stream {
    return new LanesStream();
  }

  add(stream: LanesStream, blocks: readonly Uint8Array[], ends: boolean): void {
    const isLast = this.#streams.at(-1) === stream;
    // Two lanes cannot share a stream.
    if (stream.waits && !isLast) this.run();
    if (!stream.waits) this.#enlist(stream);
    const at = (this.#streams.length - 1) * PLAN_STRIDE;
    this.#plan[at]! += blocks.length;
    if (ends) this.#plan[at + 1]! |= ENDS;
    for (const block of blocks) this.#views.push(block);
    stream.open = !ends;
  }

  run(): void {
    if (this.#streams.length > 0) this.#lanes.hash(this.#states, this.#plan, this.#views, this.#kernels);
    for (const stream of this.#streams) stream.waits = false;
    this.#streams.length = 0;
    this.#states.length = 0;
    this.#views.length = 0;
  }

  #enlist(stream: LanesStream): void {
    const at = this.#streams.length * PLAN_STRIDE;
    if (at === this.#plan.length) {
      const longer = new Int32Array(2 * at);
      longer.set(this.#plan);
      this.#plan = longer;
    }
    this.#plan[at] = 0;
    this.#plan[at + 1] = stream.open ? 0 : BEGINS;
    this.#streams.push(stream);
    this.#states.push(stream.state);
    stream.waits = true;
  }
}
