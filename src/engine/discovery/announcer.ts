// When a torrent speaks to which of its trackers, and what about (BEP 3, BEP 12, BEP 31). It decides and nothing else:
// the coordinator asks `due` on its control tick, carries the announces out and reports back.

import type { Random } from '../../base/clock.ts';
import type { SourceError } from '../../base/errors.ts';
import { SparseMap } from '../../base/sparse-map.ts';
import { SparseSet } from '../../base/sparse-set.ts';
import type { AnnounceEvent, AnnounceReply } from '../../protocol/tracker/announce.ts';
import { TrackerFailure } from '../../protocol/tracker/tracker-failure.ts';
import { ANNOUNCE_STOPPED_TIMEOUT_MS, ANNOUNCE_TIMEOUT_MS } from '../limits.ts';
import { OUTAGE_RETRY_MAX_MS } from '../session/limits.ts';
import { backOffMs } from './back-off.ts';
import {
  ANNOUNCE_EARLY_FIRST_MS,
  ANNOUNCE_INTERVAL_MAX_MS,
  ANNOUNCE_INTERVAL_MIN_MS,
  ANNOUNCE_PARALLEL_MAX,
  ANNOUNCE_PATIENCE_MS,
  ANNOUNCE_RETRY_IN_MAX_MS,
  ANNOUNCE_STOPPED_MAX,
  TRACKER_BACK_OFF,
} from './limits.ts';
import type { TrackerRecord, TrackerStatus } from './tracker-record.ts';
import { TrackerTiers } from './tracker-tiers.ts';

/** An announce to be made. Its `id` comes back in `succeeded` or `failed`. */
export interface Announcement {
  readonly id: number;
  readonly url: string;
  readonly event: AnnounceEvent;
  readonly trackerId: Uint8Array | undefined;
  /** How long it may take, for AnnounceRequest. */
  readonly timeoutMs: number;
}

interface InFlight {
  readonly record: TrackerRecord;
  readonly event: AnnounceEvent;
  readonly sinceMs: number;
}

/**
 * The trackers of one torrent. Life: `start`, any number of `due` with `succeeded` or `failed` after each, `complete`
 * when the download is complete, `stop`; `start` again after a pause.
 *
 * One tracker is enough: a round ends with the first that answers. One that takes long is not waited for, the next is
 * asked beside it, because a torrent with a dozen dead trackers would otherwise find its first peer after half an hour.
 */
export class Announcer {
  readonly #tiers: TrackerTiers;
  readonly #random: Random;
  readonly #inFlight = new SparseMap<number, InFlight>();
  /** Trackers that the user wants to be asked, as soon as they allow it; and those that were removed and list us yet. */
  readonly #asked = new SparseSet<TrackerRecord>();
  readonly #leaving = new SparseSet<TrackerRecord>();
  #phase: 'idle' | 'announcing' | 'stopping' = 'idle';
  #completed: 'no' | 'pending' | 'told' = 'no';
  #nextId = 1;
  /** When the next regular round is due. */
  #nextMs = Number.NEGATIVE_INFINITY;
  /** When a round is allowed that is made because peers are wanted. */
  #earlyMs = Number.NEGATIVE_INFINITY;
  /** Early rounds since the last regular one: each doubles the wait for the next. */
  #earlyRounds = 0;

  /** `tiers` as in the metainfo: lists of URLs, the first list first. */
  constructor(tiers: readonly (readonly string[])[], random: Random) {
    this.#tiers = new TrackerTiers(tiers, random);
    this.#random = random;
  }

  /** Begins: the first announce to each tracker will say `started`. */
  start(): void {
    this.#asked.clear();
    this.#leaving.clear();
    this.#phase = 'announcing';
    this.#inFlight.clear();
    this.#nextMs = Number.NEGATIVE_INFINITY;
    this.#earlyRounds = 0;
    for (const record of this.#tiers.inOrder()) {
      record.announcing = 0;
      record.listsUs = false;
    }
  }

  /**
   * The download has become complete: `completed` is announced at once, and accepted by one tracker once. Not to be
   * called for a torrent that was complete from the start.
   */
  complete(): void {
    if (this.#completed === 'no') this.#completed = 'pending';
  }

  /**
   * Ends: the next `due` says `stopped` to every tracker that lists us, and to those that are perhaps just about to. What
   * is in flight is forgotten, so the caller should cancel it; a late answer does no harm.
   */
  stop(): void {
    this.#phase = 'stopping';
    for (const { record, event } of this.#inFlight.values()) {
      record.announcing--;
      if (event === 'started') record.listsUs = true;
    }
    this.#inFlight.clear();
  }

  /** Another tracker, in the tier of that number or behind the others. It is asked soon. */
  add(url: string, tier: number | undefined): void {
    const record = this.#tiers.add(url, tier);
    if (record !== undefined && this.#phase === 'announcing') this.#asked.add(record);
  }

  /** A tracker less: one that lists us is told `stopped`. */
  remove(url: string): void {
    const record = this.#tiers.remove(url);
    if (record === undefined) return;
    record.removed = true;
    this.#asked.delete(record);
    if (record.listsUs && this.#phase === 'announcing') this.#leaving.add(record);
  }

  /** All trackers are to be asked now, or when the interval that they insist on is over. */
  hurry(): void {
    if (this.#phase !== 'announcing') return;
    for (const record of this.#tiers.inOrder()) {
      if (record.failures > 0 && record.retryAtMs < Number.POSITIVE_INFINITY)
        record.retryAtMs = Number.NEGATIVE_INFINITY;
      this.#asked.add(record);
    }
  }

  /** True when there is nothing left to say or to wait for: before `start`, and after `stop` once all is told. */
  get settled(): boolean {
    if (this.#phase === 'announcing' || this.#inFlight.size > 0) return false;
    return this.#phase === 'idle' || !this.#everybody().some((record) => record.listsUs);
  }

  /** `stop` was called and `start` was not since. */
  get stopping(): boolean {
    return this.#phase === 'stopping';
  }

  /** The earliest time at which `due` answers with something, unless something is reported before. */
  nextDueMs(nowMs: number, needPeers: boolean): number {
    const never = Number.POSITIVE_INFINITY;
    if (this.#phase === 'idle') return never;
    const records = this.#tiers.inOrder();
    if (this.#phase === 'stopping') {
      return this.#everybody().some((record) => record.listsUs && record.announcing === 0) ? nowMs : never;
    }
    if (this.#inFlight.size >= ANNOUNCE_PARALLEL_MAX) return never;
    let askedMs = this.#leaving.size > 0 ? nowMs : never;
    for (const record of this.#asked)
      askedMs = Math.min(askedMs, record.mayAnnounceMs(this.#eventFor(record) !== 'none'));
    let roundMs = needPeers ? Math.min(this.#nextMs, this.#earlyMs) : this.#nextMs;
    if (this.#completed === 'pending') roundMs = nowMs;
    for (const { event, sinceMs } of this.#inFlight.values()) {
      roundMs = event === 'completed' ? never : Math.max(roundMs, sinceMs + ANNOUNCE_PATIENCE_MS);
    }
    let recordMs = never;
    for (const record of records)
      recordMs = Math.min(recordMs, record.mayAnnounceMs(this.#eventFor(record) !== 'none'));
    return Math.min(askedMs, Math.max(roundMs, recordMs));
  }

  /** What has to be announced now: nothing most of the time, else one announce, or all of `stopped` together. */
  due(nowMs: number, needPeers: boolean): Announcement[] {
    if (this.#phase === 'stopping') return this.#lastWords(nowMs);
    if (this.#phase === 'idle' || this.#inFlight.size >= ANNOUNCE_PARALLEL_MAX) return [];
    for (const record of this.#leaving) {
      this.#leaving.delete(record);
      return [this.#launch(record, 'stopped', nowMs)];
    }
    for (const record of this.#asked) {
      const event = this.#eventFor(record);
      if (record.mayAnnounceMs(event !== 'none') > nowMs) continue;
      this.#asked.delete(record);
      return [this.#launch(record, event, nowMs)];
    }
    if (!this.#roundIsDue(nowMs, needPeers) || this.#isBusy(nowMs)) return [];
    for (const record of this.#tiers.inOrder()) {
      const event = this.#eventFor(record);
      if (record.mayAnnounceMs(event !== 'none') > nowMs) continue;
      return [this.#launch(record, event, nowMs)];
    }
    return [];
  }

  /** The tracker answered. Unknown ids are those that `stop` or `start` has forgotten. */
  succeeded(id: number, reply: AnnounceReply, nowMs: number): void {
    const announce = this.#land(id);
    if (announce === undefined) return;
    const { record, event } = announce;
    record.answered(reply);
    if (event === 'stopped') {
      record.listsUs = false;
      return;
    }
    record.listsUs = true;
    if (record.removed) {
      this.#leaving.add(record);
      return;
    }
    if (event === 'completed') this.#completed = 'told';
    this.#tiers.promote(record);
    this.#schedule(announce, reply, nowMs);
  }

  /** The tracker failed or refused; the next tracker is due at once. */
  failed(id: number, error: SourceError, nowMs: number): void {
    const announce = this.#land(id);
    if (announce === undefined) return;
    const { record, event } = announce;
    // Nobody is asked twice to forget us: the program wants to end, and trackers expire peers by themselves.
    if (event === 'stopped') record.listsUs = false;
    record.failed(error, nowMs + this.#retryInMs(record, error));
  }

  /** Our own way out is closed, which is not the tracker's fault: it is tried again now and then, and after `wayOpen`. */
  heldBack(id: number, error: SourceError, nowMs: number): void {
    const announce = this.#land(id);
    if (announce === undefined) return;
    const { record, event } = announce;
    if (event === 'stopped') record.listsUs = false;
    // Perhaps nobody else tries the way out.
    const retryInMs = Math.min(OUTAGE_RETRY_MAX_MS, backOffMs(record.outages + 1, TRACKER_BACK_OFF, this.#random));
    record.heldBack(error, nowMs + retryInMs);
  }

  /** Who was held back need not wait any more. */
  wayOpen(): void {
    for (const record of this.#tiers.inOrder()) record.wayOpen();
  }

  /** All trackers, in the order in which they are asked. */
  status(): TrackerStatus[] {
    return this.#tiers.inOrder().map((record) => record.status());
  }

  /** All trackers, those first that were removed and are to be told. */
  #everybody(): TrackerRecord[] {
    return [...this.#leaving, ...this.#tiers.inOrder()];
  }

  #roundIsDue(nowMs: number, needPeers: boolean): boolean {
    return this.#completed === 'pending' || nowMs >= this.#nextMs || (needPeers && nowMs >= this.#earlyMs);
  }

  /** Waits for what is in flight: always for `completed`, which must not be told twice, and a while for the others. */
  #isBusy(nowMs: number): boolean {
    for (const { event, sinceMs } of this.#inFlight.values()) {
      if (event === 'completed' || nowMs - sinceMs < ANNOUNCE_PATIENCE_MS) return true;
    }
    return false;
  }

  #eventFor(record: TrackerRecord): AnnounceEvent {
    if (!record.listsUs) return 'started';
    return this.#completed === 'pending' ? 'completed' : 'none';
  }

  #launch(record: TrackerRecord, event: AnnounceEvent, nowMs: number): Announcement {
    const id = this.#nextId++;
    record.announcing++;
    this.#inFlight.set(id, { record, event, sinceMs: nowMs });
    const timeoutMs = event === 'stopped' ? ANNOUNCE_STOPPED_TIMEOUT_MS : ANNOUNCE_TIMEOUT_MS;
    return { id, url: record.url, event, trackerId: record.trackerId, timeoutMs };
  }

  #land(id: number): InFlight | undefined {
    const announce = this.#inFlight.get(id);
    if (announce === undefined) return undefined;
    this.#inFlight.delete(id);
    announce.record.announcing--;
    return announce;
  }

  #lastWords(nowMs: number): Announcement[] {
    const listing = this.#everybody().filter((record) => record.listsUs && record.announcing === 0);
    for (const record of listing.slice(ANNOUNCE_STOPPED_MAX)) record.listsUs = false;
    return listing.slice(0, ANNOUNCE_STOPPED_MAX).map((record) => this.#launch(record, 'stopped', nowMs));
  }

  #schedule({ record, event }: InFlight, reply: AnnounceReply, nowMs: number): void {
    const intervalMs = Math.max(ANNOUNCE_INTERVAL_MIN_MS, Math.min(reply.intervalMs, ANNOUNCE_INTERVAL_MAX_MS));
    const minIntervalMs = Math.min(reply.minIntervalMs ?? 0, intervalMs);
    // A round that came before its time was an early one, unless an event made it.
    if (nowMs >= this.#nextMs) this.#earlyRounds = 0;
    else if (event === 'none') this.#earlyRounds++;
    this.#nextMs = nowMs + intervalMs;
    this.#earlyMs = nowMs + Math.max(minIntervalMs, ANNOUNCE_EARLY_FIRST_MS * 2 ** this.#earlyRounds);
    record.nextMs = this.#nextMs;
    record.minNextMs = nowMs + Math.max(minIntervalMs, ANNOUNCE_INTERVAL_MIN_MS);
  }

  #retryInMs(record: TrackerRecord, error: SourceError): number {
    if (error instanceof TrackerFailure && error.retryInMs !== undefined) {
      if (error.retryInMs === Number.POSITIVE_INFINITY) return error.retryInMs;
      return Math.max(TRACKER_BACK_OFF.firstMs, Math.min(error.retryInMs, ANNOUNCE_RETRY_IN_MAX_MS));
    }
    return backOffMs(record.failures + 1, TRACKER_BACK_OFF, this.#random);
  }
}
