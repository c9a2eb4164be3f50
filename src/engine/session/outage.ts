// Our own way out is closed: the proxy is down or does not let us in, or the address that sockets are bound to is gone. Nobody
// is to blame then, and there is no use in dialling: one attempt now and then finds out when it is over.
import { isOutage, type LinkEnd } from '../ports.ts';
import { OUTAGE_RETRY_MAX_MS, OUTAGE_RETRY_MIN_MS } from './limits.ts';

/** What is said about it. */
export interface OutageWarning {
  readonly code: string;
  readonly message: string;
}

export class Outage {
  readonly #warn: (warning: OutageWarning) => void;
  readonly #ended: () => void;
  #reason: OutageWarning | undefined;
  #retryMs = Number.NEGATIVE_INFINITY;
  #delayMs = OUTAGE_RETRY_MIN_MS;
  #warnedOfUdp = false;

  /** `ended` is told when there is a way out again: whoever was held back meanwhile may be asked at once. */
  constructor(warn: (warning: OutageWarning) => void, ended: () => void) {
    this.#warn = warn;
    this.#ended = ended;
  }

  /** Why nobody can be reached; `undefined` when that is not so. */
  get reason(): OutageWarning | undefined {
    return this.#reason;
  }

  /** How many may be on their way at once: one to try it while nobody can be reached, and none before it is time to. */
  dialsMax(otherwise: number, nowMs: number): number {
    if (this.#reason === undefined) return otherwise;
    return nowMs < this.#retryMs ? 0 : 1;
  }

  /** A connection that we wanted has failed, or an announce. */
  failed({ code, message }: LinkEnd, nowMs: number): void {
    if (code === 'ERR_PROXY_UDP') return this.hasNoUdp(message);
    if (!isOutage(code)) return;
    const known = this.#reason?.code === code;
    this.#reason = { code, message };
    if (!known) this.#warn(this.#reason);
    // Those that were on their way together fail together, and count once.
    if (nowMs < this.#retryMs) return;
    this.#retryMs = nowMs + this.#delayMs;
    this.#delayMs = Math.min(OUTAGE_RETRY_MAX_MS, this.#delayMs * 2);
  }

  /** Somebody was reached, or could not be for reasons of his own. */
  over(): void {
    if (this.#reason === undefined) return;
    this.#reason = undefined;
    this.#retryMs = Number.NEGATIVE_INFINITY;
    this.#delayMs = OUTAGE_RETRY_MIN_MS;
    this.#ended();
  }

  /** The proxy carries TCP alone. Said once: every UDP tracker finds it out anew. */
  hasNoUdp(message: string): void {
    if (this.#warnedOfUdp) return;
    this.#warnedOfUdp = true;
    this.#warn({ code: 'ERR_PROXY_UDP', message });
  }
}
