// When an unanswered UDP packet is sent again (BEP 15, "time outs").

/** How long the first packet waits for its answer. */
const FIRST_TIMEOUT_MS = 15_000;

/** BEP 15 stops doubling after the eighth time. */
const DOUBLINGS_MAX = 8;

/** How long packet number `attempt` (0 is the first) waits for its answer: 15 s · 2ⁿ, with n at most 8. */
export function retransmitAfterMs(attempt: number, firstTimeoutMs: number = FIRST_TIMEOUT_MS): number {
  return firstTimeoutMs * 2 ** Math.min(attempt, DOUBLINGS_MAX);
}
