// Notices that a gateway has started anew and forgotten its mappings: every answer says for how many seconds it has been
// running, and that number has to grow as our own clock does (RFC 6887, 8.5; RFC 6886, 3.6).

/** How far both clocks may differ in rate, as a fraction, and whether a clock that jumps ahead counts. */
export interface EpochRules {
  readonly drift: number;
  readonly ahead: boolean;
}

export const PCP_EPOCHS: EpochRules = { drift: 1 / 16, ahead: true };
export const NAT_PMP_EPOCHS: EpochRules = { drift: 1 / 8, ahead: false };

/** Seconds that are forgiven: whole seconds are told, and packets take their time. */
const GRACE_SECONDS = 2;

export class EpochWatch {
  readonly #rules: EpochRules;
  #last: { readonly epochSeconds: number; readonly atMs: number } | undefined;

  constructor(rules: EpochRules) {
    this.#rules = rules;
  }

  /** Takes in the number of an answer. Returns whether the gateway still knows what it knew at the last one. */
  continues(epochSeconds: number, nowMs: number): boolean {
    const last = this.#last;
    this.#last = { epochSeconds, atMs: nowMs };
    if (last === undefined) return true;
    const theirs = epochSeconds - last.epochSeconds;
    const ours = (nowMs - last.atMs) / 1000;
    const { drift, ahead } = this.#rules;
    // Packets may overtake each other by a second.
    if (theirs < -1) return false;
    if (theirs + GRACE_SECONDS < ours * (1 - drift)) return false;
    return !ahead || ours + GRACE_SECONDS >= theirs * (1 - drift);
  }
}
