// Carries out what a torrent's Announcer decides: asks trackers through the port, hands found addresses on. The DHT is
// looked through at the same times, by rules of its own.

import type { Random } from '../../base/clock.ts';
import { SourceError } from '../../base/errors.ts';
import { SparseMap } from '../../base/sparse-map.ts';
import type { AnnounceReply } from '../../protocol/tracker/announce.ts';
import type { AnnouncePace } from '../discovery/announce-pace.ts';
import { type Announcement, Announcer } from '../discovery/announcer.ts';
import type { DhtDiscovery } from '../discovery/dht-discovery.ts';
import type { TrackerPort } from '../discovery/tracker-port.ts';
import type { TrackerStatus } from '../discovery/tracker-record.ts';
import { ANNOUNCE_STOPPED_TIMEOUT_MS, ANNOUNCE_TIMEOUT_MS } from '../limits.ts';
import type { MappedPorts, OwnPorts } from '../portmap/own-ports.ts';
import { isOutage, type PeerAddress } from '../ports.ts';
import type { ExternalAddress } from '../swarm/external-address.ts';
import type { Upload } from '../upload/upload.ts';
import type { Asking } from './asking.ts';
import type { Intake } from './intake.ts';
import { ANNOUNCE_TIERS_MAX, NUM_WANT } from './limits.ts';

/** What an announce tells about us. */
export interface Standing {
  readonly port: number;
  /** The port by which the internet reaches us in a family, where a gateway gave us another one. */
  readonly mappedPorts?: MappedPorts;
  readonly uploaded: number;
  readonly downloaded: number;
  readonly left: number;
}

/** The ports that we accept peers on, as an announce tells them. */
export function portsOf({ listenPort, mappedPorts }: OwnPorts): Pick<Standing, 'port' | 'mappedPorts'> {
  return { port: listenPort(), ...(mappedPorts && { mappedPorts: mappedPorts() }) };
}

/** How a torrent fares that accepts peers on these ports. */
export function standingOf(torrent: { readonly upload: Upload; readonly intake: Intake }, own: OwnPorts): Standing {
  const { upload, intake } = torrent;
  return {
    ...portsOf(own),
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
  /** Hears by which address trackers see us (BEP 24). */
  readonly external: Pick<ExternalAddress, 'vote'>;
  /** Absent: the DHT is not asked. */
  readonly dht?: DhtDiscovery | undefined;
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

/** A torrent's conversation with its trackers: one for each tier, for each tier has peers of its own (BEP 12). */
export class Announcing {
  readonly #parts: AnnouncingParts;
  /** Tiers in their order; the last one holds all trackers of those that are too many. */
  readonly #tiers: Announcer[];
  readonly #urls = new SparseMap<number, string>();
  #started = false;
  /** An announce that is due waits for others until then. */
  #turnMs = Number.NEGATIVE_INFINITY;
  #booked = false;
  /** The failure that each tracker was last reported for: a tracker that stays down is reported once. */
  readonly #reported = new SparseMap<string, string>();

  constructor(parts: AnnouncingParts) {
    this.#parts = parts;
    this.#tiers = tiersToAsk(parts.tiers).map((tier) => new Announcer(tier, parts.random));
  }

  start(): void {
    this.#started = true;
    for (const announcer of this.#tiers) announcer.start();
    this.#parts.dht?.start();
  }

  /** The last piece came in. */
  complete(): void {
    for (const announcer of this.#tiers) announcer.complete();
    this.#parts.dht?.hurry();
  }

  /** What is under way is given up, so that the last words do not come before the first. */
  stop(): void {
    this.#started = false;
    this.#turnMs = Number.NEGATIVE_INFINITY;
    this.#booked = false;
    for (const [id, url] of this.#urls) {
      this.#urls.delete(id);
      if (url !== '') this.#parts.trackers.cancel(this.#parts.ticketBase + id);
    }
    for (const announcer of this.#tiers) announcer.stop();
    this.#parts.dht?.stop();
  }

  /** True when nothing is left to be said or waited for. */
  get settled(): boolean {
    return this.#tiers.every((announcer) => announcer.settled);
  }

  change(change: TrackerChange): void {
    if (change.kind === 'reannounce') this.#parts.dht?.hurry();
    if (change.kind === 'add') this.#add(change.url, change.tier);
    else
      for (const announcer of this.#tiers) {
        if (change.kind === 'remove') announcer.remove(change.url);
        else announcer.hurry();
      }
  }

  /** Our own way out is open again: trackers that were not reached for its sake alone are asked now. */
  wayOpen(): void {
    for (const announcer of this.#tiers) announcer.wayOpen();
  }

  /** Whom peers are asked of: what explains that there are none. */
  get asking(): Asking {
    return { trackers: this.status(), dht: this.#parts.dht?.asking };
  }

  status(): readonly TrackerStatus[] {
    return this.#tiers.flatMap((announcer, tier) =>
      announcer.status().map((status) => ({ ...status, tier: tier + status.tier })),
    );
  }

  /** When the next tick has something to do: an announce that waits has its turn booked. */
  nextTickMs(nowMs: number, needPeers: boolean): number {
    const dueMs = this.#nextDueMs(nowMs, needPeers);
    const trackersMs = dueMs > nowMs ? dueMs : this.#turnMs;
    return Math.min(trackersMs, this.#parts.dht?.nextDueMs() ?? Number.POSITIVE_INFINITY);
  }

  /** Control tick: makes the announces that are due and whose turn it is. Last words do not wait for turns. */
  tick(nowMs: number, needPeers: boolean, standing: () => Standing): void {
    this.#parts.dht?.tick(nowMs, needPeers, standing);
    if (nowMs < this.#turnMs || this.#nextDueMs(nowMs, needPeers) > nowMs) return;
    for (const [at, announcer] of this.#tiers.entries()) {
      if (announcer.nextDueMs(nowMs, needPeers) > nowMs) continue;
      if (!announcer.stopping && !this.#isOurTurn(nowMs, needPeers)) return;
      for (const announcement of announcer.due(nowMs, needPeers))
        this.#announce(at, announcement, needPeers, standing());
    }
  }

  /** Books a turn if none is booked; until then there is nothing to do. */
  #isOurTurn(nowMs: number, needPeers: boolean): boolean {
    if (!this.#booked) this.#turnMs = this.#parts.pace.book(nowMs, needPeers);
    this.#booked = this.#turnMs > nowMs;
    return !this.#booked;
  }

  #announce(tier: number, { id, url, event, trackerId }: Announcement, needPeers: boolean, standing: Standing): void {
    const { infoHash, peerId, key, trackers, ticketBase } = this.#parts;
    const ticket = id * ANNOUNCE_TIERS_MAX + tier;
    this.#urls.set(ticket, url);
    trackers.announce(ticketBase + ticket, {
      url,
      event,
      trackerId,
      numWant: needPeers && event !== 'stopped' ? NUM_WANT : 0,
      infoHash,
      peerId,
      key,
      timeoutMs: event === 'stopped' ? ANNOUNCE_STOPPED_TIMEOUT_MS : ANNOUNCE_TIMEOUT_MS,
      ...standing,
    });
  }

  /** A tracker answered, or could not be asked. */
  announced(ticket: number, answer: AnnounceReply | SourceError, nowMs: number): Announced {
    const number = ticket - this.#parts.ticketBase;
    const url = this.#urls.get(number);
    if (url === undefined) return { addresses: [] };
    this.#urls.delete(number);
    const announcer = this.#tiers[number % ANNOUNCE_TIERS_MAX]!;
    const id = Math.floor(number / ANNOUNCE_TIERS_MAX);
    if (answer instanceof SourceError) {
      // That our own way out is closed is said once for all, and nobody is blamed for it.
      const outage = isOutage(answer.code);
      if (outage) announcer.heldBack(id, answer, nowMs);
      else announcer.failed(id, answer, nowMs);
      if (outage || answer.code === 'ERR_PROXY_UDP') return { addresses: [] };
      if (this.#reported.get(url) === answer.message) return { addresses: [] };
      this.#reported.set(url, answer.message);
      return { addresses: [], warning: { code: answer.code, message: answer.message } };
    }
    this.#reported.delete(url);
    announcer.succeeded(id, answer, nowMs);
    for (const { address, by } of answer.sightings ?? []) this.#parts.external.vote(address, by);
    if (answer.warning === undefined) return { addresses: answer.peers };
    return { addresses: answer.peers, warning: { code: 'ERR_TRACKER_WARNING', message: `${url}: ${answer.warning}` } };
  }

  /** To the tier of that number, or to one of its own behind the others. */
  #add(url: string, tier: number | undefined): void {
    if (this.status().some((status) => status.url === url)) return;
    const known = this.#tiers[tier ?? this.#tiers.length] ?? this.#tiers[ANNOUNCE_TIERS_MAX - 1];
    if (known !== undefined) return known.add(url, 0);
    const announcer = new Announcer([[url]], this.#parts.random);
    this.#tiers.push(announcer);
    if (this.#started) announcer.start();
  }

  #nextDueMs(nowMs: number, needPeers: boolean): number {
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const announcer of this.#tiers) earliestMs = Math.min(earliestMs, announcer.nextDueMs(nowMs, needPeers));
    return earliestMs;
  }
}

/** What each announcer gets: a tier, or all that are too many as tiers of the last one. A URL counts where it comes first. */
function tiersToAsk(tiers: readonly (readonly string[])[]): readonly (readonly (readonly string[])[])[] {
  const seen = new Set<string>();
  const fresh = tiers
    .map((tier) => tier.filter((url) => !seen.has(url) && seen.add(url)))
    .filter((tier) => tier.length > 0);
  const alone = fresh.slice(0, ANNOUNCE_TIERS_MAX - 1).map((tier) => [tier]);
  const rest = fresh.slice(ANNOUNCE_TIERS_MAX - 1);
  return rest.length > 0 ? [...alone, rest] : alone;
}
