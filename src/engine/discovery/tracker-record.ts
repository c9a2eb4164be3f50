// What a torrent remembers of one of its trackers.
import type { SourceError } from '../../base/errors.ts';
import type { AnnounceReply } from '../../protocol/tracker/announce.ts';

/**
 * - `waiting`: not asked yet.
 * - `working`: its last answer was good.
 * - `failing`: its last announce failed; it will be asked again.
 * - `refusing`: it said that we should never come back (BEP 31).
 * - `unsupported`: its URL is none that we can speak to.
 */
type TrackerState = 'waiting' | 'working' | 'failing' | 'refusing' | 'unsupported';

/** One tracker as the user sees it. */
export interface TrackerStatus {
  readonly url: string;
  /** 0 is asked first. */
  readonly tier: number;
  readonly state: TrackerState;
  /** An announce is under way. */
  readonly announcing: boolean;
  /** The last failure or the tracker's warning. */
  readonly message?: string | undefined;
  /** Peers that its last answer named. */
  readonly peers?: number | undefined;
  readonly seeds?: number | undefined;
  readonly leeches?: number | undefined;
  /** When it will be asked again at the earliest, on the engine's clock. */
  readonly nextAnnounceMs?: number | undefined;
}

export class TrackerRecord {
  readonly url: string;
  readonly tier: number;
  /** Announces in flight. */
  announcing = 0;
  /** It has taken our `started`, and no `stopped` since: it lists us as a peer. */
  listsUs = false;
  /** Failures in a row. */
  failures = 0;
  /** How often in a row it was not reached because our own way out was closed. */
  outages = 0;
  /** No announce before this, after a failure. */
  retryAtMs: number = Number.NEGATIVE_INFINITY;
  /** No announce without an event before this, as the tracker asked (`min interval`). */
  minNextMs: number = Number.NEGATIVE_INFINITY;
  /** When its own interval ends. */
  nextMs: number | undefined;
  /** The user took it away. */
  removed = false;
  trackerId: Uint8Array | undefined;
  #state: TrackerState;
  #message: string | undefined;
  #lastReply: AnnounceReply | undefined;

  constructor(url: string, tier: number) {
    this.url = url;
    this.tier = tier;
    this.#state = /^(?:https?|udp):\/\//i.test(url) ? 'waiting' : 'unsupported';
  }

  /** When it may be asked; announces that carry an event need not wait for the tracker's `min interval`. */
  mayAnnounceMs(hasEvent: boolean): number {
    if (this.#state === 'unsupported' || this.announcing > 0) return Number.POSITIVE_INFINITY;
    return hasEvent ? this.retryAtMs : Math.max(this.retryAtMs, this.minNextMs);
  }

  answered(reply: AnnounceReply): void {
    this.#state = 'working';
    this.#message = reply.warning;
    this.#lastReply = reply;
    this.failures = this.outages = 0;
    this.retryAtMs = Number.NEGATIVE_INFINITY;
    // A reply without a tracker id leaves the previous one in force.
    this.trackerId = reply.trackerId ?? this.trackerId;
  }

  failed(error: SourceError, retryAtMs: number): void {
    this.#state = retryAtMs === Number.POSITIVE_INFINITY ? 'refusing' : 'failing';
    this.#message = error.message;
    this.failures++;
    this.retryAtMs = retryAtMs;
    this.nextMs = undefined;
  }

  /** What it was before it still is; only when it is asked next is another matter. */
  heldBack(error: SourceError, retryAtMs: number): void {
    this.#message = error.message;
    this.outages++;
    this.retryAtMs = retryAtMs;
  }

  wayOpen(): void {
    if (this.outages === 0) return;
    this.outages = 0;
    this.retryAtMs = Number.NEGATIVE_INFINITY;
  }

  status(): TrackerStatus {
    const reply = this.#lastReply;
    return {
      url: this.url,
      tier: this.tier,
      state: this.#state,
      announcing: this.announcing > 0,
      message: this.#message,
      peers: reply?.peers.length,
      seeds: reply?.seeds,
      leeches: reply?.leeches,
      nextAnnounceMs: this.#state === 'failing' || this.outages > 0 ? this.retryAtMs : this.nextMs,
    };
  }
}
