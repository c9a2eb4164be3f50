// Carries out what a torrent's Announcer decides: asks trackers through the port, hands found addresses on.
import type { Random } from '../../base/clock.ts';
import { SourceError } from '../../base/errors.ts';
import type { AnnounceReply } from '../../protocol/tracker/announce.ts';
import type { AnnouncePace } from '../discovery/announce-pace.ts';
import { Announcer } from '../discovery/announcer.ts';
import type { TrackerPort } from '../discovery/tracker-port.ts';
import type { TrackerStatus } from '../discovery/tracker-record.ts';
import { ANNOUNCE_STOPPED_TIMEOUT_MS, ANNOUNCE_TIMEOUT_MS, ANNOUNCE_TURN_MS, NUM_WANT } from '../limits.ts';
import type { PeerAddress } from '../ports.ts';
import type { Upload } from '../upload/upload.ts';
import type { Intake } from './intake.ts';

/** What an announce tells about us. */
export interface Standing {
  readonly port: number;
  readonly uploaded: number;
  readonly downloaded: number;
  readonly left: number;
}

/** How a torrent fares that accepts peers on this port. */
export function standingOf(torrent: { readonly upload: Upload; readonly intake: Intake }, port: number): Standing {
  const { upload, intake } = torrent;
  return {
    port,
    uploaded: upload.totalBytes,
    downloaded: intake.rate.totalBytes,
    left: intake.missingBytes(),
  };
}

/** What an Announcing works with. */
export interface AnnouncingParts {
  readonly tiers: readonly (readonly string[])[];
  readonly infoHash: Uint8Array;
  readonly peerId: Uint8Array;
  readonly key: number;
  readonly trackers: TrackerPort;
  readonly pace: AnnouncePace;
  readonly random: Random;
  /** Added to the announcer's ids so that answers find their torrent. */
  readonly ticketBase: number;
}

/** What came of an announce: addresses to try, or what the user should know. */
export interface Announced {
  readonly addresses: readonly PeerAddress[];
  readonly warning?: { readonly code: string; readonly message: string };
}

/** What the user does to a torrent's trackers. */
export type TrackerChange =
  | { readonly kind: 'add'; readonly url: string; readonly tier: number | undefined }
  | { readonly kind: 'remove'; readonly url: string }
  | { readonly kind: 'reannounce' };

/** A torrent's conversation with its trackers. */
export class Announcing {
  readonly #parts: AnnouncingParts;
  readonly #announcer: Announcer;
  readonly #urls = new Map<number, string>();
  /** An announce that is due waits for others until then. */
  #turnMs = Number.NEGATIVE_INFINITY;
  /** The failure that each tracker was last reported for: a tracker that stays down is reported once. */
  readonly #reported = new Map<string, string>();

  constructor(parts: AnnouncingParts) {
    this.#parts = parts;
    this.#announcer = new Announcer(parts.tiers, parts.random);
  }

  start(): void {
    this.#announcer.start();
  }

  /** The last piece came in. */
  complete(): void {
    this.#announcer.complete();
  }

  stop(): void {
    this.#turnMs = Number.NEGATIVE_INFINITY;
    this.#announcer.stop();
  }

  /** True when nothing is left to be said or waited for. */
  get settled(): boolean {
    return this.#announcer.settled;
  }

  change(change: TrackerChange): void {
    if (change.kind === 'add') this.#announcer.add(change.url, change.tier);
    else if (change.kind === 'remove') this.#announcer.remove(change.url);
    else this.#announcer.hurry();
  }

  status(): readonly TrackerStatus[] {
    return this.#announcer.status();
  }

  /** When the next tick has something to do: an announce that waits for its turn asks again a little later. */
  nextTickMs(nowMs: number, needPeers: boolean): number {
    const dueMs = this.#announcer.nextDueMs(nowMs, needPeers);
    return dueMs > nowMs ? dueMs : this.#turnMs;
  }

  /** Control tick: makes the announces that are due and whose turn it is. Last words do not wait for turns. */
  tick(nowMs: number, needPeers: boolean, standing: () => Standing): void {
    if (this.#announcer.nextDueMs(nowMs, needPeers) > nowMs || nowMs < this.#turnMs) return;
    if (!this.#announcer.stopping && !this.#parts.pace.take(nowMs)) {
      this.#turnMs = nowMs + ANNOUNCE_TURN_MS * (0.5 + this.#parts.random.next());
      return;
    }
    for (const announcement of this.#announcer.due(nowMs, needPeers)) {
      const { infoHash, peerId, key, trackers, ticketBase } = this.#parts;
      this.#urls.set(announcement.id, announcement.url);
      trackers.announce(ticketBase + announcement.id, {
        url: announcement.url,
        event: announcement.event,
        trackerId: announcement.trackerId,
        numWant: needPeers && announcement.event !== 'stopped' ? NUM_WANT : 0,
        infoHash,
        peerId,
        key,
        timeoutMs: announcement.event === 'stopped' ? ANNOUNCE_STOPPED_TIMEOUT_MS : ANNOUNCE_TIMEOUT_MS,
        ...standing(),
      });
    }
  }

  /** A tracker answered, or could not be asked. */
  announced(ticket: number, answer: AnnounceReply | SourceError, nowMs: number): Announced {
    const id = ticket - this.#parts.ticketBase;
    const url = this.#urls.get(id) ?? '';
    this.#urls.delete(id);
    if (answer instanceof SourceError) {
      this.#announcer.failed(id, answer, nowMs);
      if (this.#reported.get(url) === answer.message) return { addresses: [] };
      this.#reported.set(url, answer.message);
      return { addresses: [], warning: { code: answer.code, message: answer.message } };
    }
    this.#reported.delete(url);
    this.#announcer.succeeded(id, answer, nowMs);
    if (answer.warning === undefined) return { addresses: answer.peers };
    return { addresses: answer.peers, warning: { code: 'ERR_TRACKER_WARNING', message: `${url}: ${answer.warning}` } };
  }
}
