// How many peers to upload to at once. More slots use up a line that the present peers cannot fill; too many leave
// each with a trickle, and nobody with a reason to give. So a slot is added on trial and kept only if the whole upload
// rises with it. Where the user set a limit, it also bounds the slots (the original client's table).
import {
  SLOT_BYTES_PER_SECOND_MIN,
  SLOT_GAIN_SHARE,
  SLOT_REST_ROUNDS_MAX,
  SLOT_REST_ROUNDS_MIN,
  UPLOAD_SATURATED_SHARE,
  UPLOAD_SLOTS_MAX,
  UPLOAD_SLOTS_MIN,
  UPLOAD_SLOTS_START,
} from './limits.ts';

/** What a round of choking saw. Rates in bytes per second. */
export interface UploadFacts {
  readonly uploadBytesPerSecond: number;
  /** The user's limit; 0 is none. */
  readonly limitBytesPerSecond: number;
  /** Interested peers that are unchoked, and that are not. */
  readonly served: number;
  readonly waiting: number;
}

/** Adapts the number of upload slots to what the line carries. */
export class SlotTuner {
  #slots = UPLOAD_SLOTS_START;
  /** The upload before slots were added on trial, and how many were. */
  #trial: { readonly beforeBytesPerSecond: number; readonly added: number } | undefined;
  #restRounds = 0;
  #nextRest = SLOT_REST_ROUNDS_MIN;

  get slots(): number {
    return this.#slots;
  }

  /** Call it once a round, before slots are given away. */
  tune(facts: UploadFacts): number {
    const most = facts.limitBytesPerSecond > 0 ? slotsForLimit(facts.limitBytesPerSecond) : UPLOAD_SLOTS_MAX;
    const trial = this.#trial;
    this.#trial = undefined;
    if (this.#slots > most) {
      this.#slots = most;
      return most;
    }
    const full = facts.waiting > 0 && facts.served >= this.#slots;
    // With slots to spare nothing can be learnt of the line.
    if (!full) return this.#slots;
    if (trial !== undefined && !paid(trial, facts.uploadBytesPerSecond, this.#slots)) {
      this.#slots -= trial.added;
      this.#restRounds = this.#nextRest;
      this.#nextRest = Math.min(this.#nextRest * 2, SLOT_REST_ROUNDS_MAX);
      return this.#slots;
    }
    if (trial !== undefined) this.#nextRest = SLOT_REST_ROUNDS_MIN;
    if (this.#restRounds > 0) {
      this.#restRounds--;
      return this.#slots;
    }
    this.#step(facts, most);
    return this.#slots;
  }

  #step(facts: UploadFacts, most: number): void {
    const rate = facts.uploadBytesPerSecond;
    if (rate / this.#slots < SLOT_BYTES_PER_SECOND_MIN) {
      this.#slots = Math.max(Math.min(UPLOAD_SLOTS_MIN, most), this.#slots - 1);
      return;
    }
    const { limitBytesPerSecond: limit } = facts;
    if (limit > 0 && rate >= limit * UPLOAD_SATURATED_SHARE) return;
    const added = Math.min(Math.max(1, this.#slots >> 3), most - this.#slots);
    if (added <= 0) return;
    this.#slots += added;
    this.#trial = { beforeBytesPerSecond: rate, added };
  }
}

/** Each new slot has to bring a part of what the others carry on average. */
function paid(
  trial: { beforeBytesPerSecond: number; added: number },
  nowBytesPerSecond: number,
  slots: number,
): boolean {
  const perSlot = trial.beforeBytesPerSecond / (slots - trial.added);
  return nowBytesPerSecond - trial.beforeBytesPerSecond >= perSlot * trial.added * SLOT_GAIN_SHARE;
}

/** Slots that a limited line can feed: the table of the original client, in KiB per second. */
export function slotsForLimit(bytesPerSecond: number): number {
  const kib = bytesPerSecond / 1024;
  if (kib < 9) return 2;
  if (kib < 15) return 3;
  if (kib < 42) return 4;
  return Math.min(UPLOAD_SLOTS_MAX, Math.floor(Math.sqrt(kib * 0.6)));
}
