// The web seeds of one torrent (BEP 17, 19): which of them is asked, how long one that failed is left alone, and which is
// never asked again. Which blocks they are asked for is the intake's business, as with peers.

import { SparseMap } from '../../base/sparse-map.ts';
import { SparseSet } from '../../base/sparse-set.ts';
import { backOffMs } from '../discovery/back-off.ts';
import { PINNED_PLACE_GRACE_MS, REQUEST_TIMEOUT_MS, TICK_LATE_MS } from '../limits.ts';
import { isOutage, type LinkId } from '../ports.ts';
import { OUTAGE_RETRY_MAX_MS } from '../session/limits.ts';
import { BLOCK_BYTES, type PieceIndex } from '../torrent/geometry.ts';
import type { Intake } from '../torrent/intake.ts';
import type { TorrentParts, TorrentSpec, Warning } from '../torrent/torrent-spec.ts';
import { WEB_SEED_BACK_OFF, WEB_SEED_RETRY_AFTER_MAX_MS, WEB_SEEDS_ASKED_MAX, WEB_SEEDS_MAX } from './limits.ts';
import { WebSeed } from './web-seed.ts';
import type { WebSeedOwner } from './web-seed-desk.ts';
import { WebSeedLanes } from './web-seed-lanes.ts';
import type { WebSeedAddress, WebSeedFailure } from './web-seed-port.ts';

/** What the web seeds of a torrent work with. */
export interface WebSeedsParts {
  readonly spec: TorrentSpec;
  readonly shared: Pick<TorrentParts, 'webSeeds' | 'downloadLimit' | 'clock' | 'random' | 'outage'>;
  readonly intake: Intake;
  readonly warn: (warning: Warning) => void;
  /** A batch of blocks was taken in; `returned`: some may be asked of somebody else. */
  readonly blocksDone: (returned: boolean) => void;
}

export class WebSeeds implements WebSeedOwner {
  readonly #parts: WebSeedsParts;
  /** Those that are open, and those that may still hold places. */
  readonly #seeds = new SparseMap<LinkId, WebSeed>();
  /** Who sent a block of a piece that fails later, perhaps after it was closed. */
  readonly #addresses = new SparseMap<LinkId, WebSeedAddress>();
  /** URLs that are never asked again. */
  readonly #banned = new SparseSet<string>();
  /** How many connections each URL gets. */
  readonly #lanes = new SparseMap<string, WebSeedLanes>();
  #returned = false;
  #lastTickMs = 0;

  constructor(parts: WebSeedsParts) {
    this.#parts = parts;
  }

  /** Those that may be asked now: a few at a time, as each of them is fast or useless. */
  *suppliers(): Generator<WebSeed> {
    const nowMs = this.#nowMs();
    let asked = this.#busy;
    for (const seed of this.#seeds.values()) {
      if (seed.closing || seed.retiring || nowMs < seed.restUntilMs) continue;
      if (seed.debt.outstanding === 0 && ++asked > WEB_SEEDS_ASKED_MAX) continue;
      yield seed;
    }
  }

  get #busy(): number {
    let busy = 0;
    for (const seed of this.#seeds.values()) if (seed.debt.outstanding > 0) busy++;
    return busy;
  }

  /** Every connection that is not closed, for whoever wants to show them: some web seeds have several. */
  *all(): Generator<WebSeed> {
    for (const seed of this.#seeds.values()) if (!seed.closing) yield seed;
  }

  /** How many may hold places. */
  get size(): number {
    return this.#seeds.size;
  }

  /** The torrent downloads. */
  start(): void {
    const { spec, shared } = this.#parts;
    const { addresses = [], content } = spec.webSeeds ?? {};
    const desk = shared.webSeeds;
    if (desk.port === undefined || content === undefined) return;
    const open = new Set([...this.all()].map(({ address }) => address.url));
    for (const address of addresses.slice(0, WEB_SEEDS_MAX)) {
      if (this.#banned.has(address.url) || open.has(address.url)) continue;
      this.#open(address);
    }
    this.feed();
  }

  #open(address: WebSeedAddress): WebSeed {
    const { spec, shared, intake } = this.#parts;
    const link = shared.webSeeds.open(this, address, spec.webSeeds!.content);
    const seed = new WebSeed(address, link, spec.geometry.pieceCount);
    this.#seeds.set(link, seed);
    this.#addresses.set(link, address);
    intake.download.join(seed.debt);
    seed.debt.inOrder = spec.sequential;
    seed.ready = true;
    return seed;
  }

  /** Nothing more is wanted of them: their connections end. */
  stop(): void {
    for (const seed of this.all()) this.#close(seed);
  }

  /** Asks those that could take more. */
  feed(): void {
    const nowMs = this.#nowMs();
    for (const seed of this.suppliers()) this.#parts.intake.refill(seed, nowMs);
  }

  /** Control tick. */
  tick(): void {
    const nowMs = this.#nowMs();
    const wayOpen = this.#parts.shared.outage.reason === undefined;
    const heldUp = nowMs - this.#lastTickMs >= TICK_LATE_MS;
    this.#lastTickMs = nowMs;
    for (const seed of this.all()) {
      seed.download.tick(nowMs);
      if (wayOpen && seed.outages > 0) comeBack(seed);
      const rate = seed.download.bytesPerSecond;
      const resting = nowMs < seed.restUntilMs;
      seed.window.adapt(rate);
      seed.debt.blockMs = resting ? Number.POSITIVE_INFINITY : rate > 0 ? (BLOCK_BYTES * 1000) / rate : 0;
      if (!heldUp) this.#judge(seed, nowMs);
      if (seed.retiring && seed.debt.outstanding === 0) this.#close(seed);
    }
    this.#share(nowMs);
    // Under a limit the session lets everybody take turns.
    if (!this.#parts.shared.downloadLimit.limited) this.feed();
  }

  /** Gives each web seed as many connections as are of use. */
  #share(nowMs: number): void {
    if (this.#parts.shared.downloadLimit.limited) return;
    for (const seed of this.all()) {
      if (seed.retiring || seed.rangeless) continue;
      const lanes = this.#lanesOf(seed.address);
      // Once for each URL.
      if (lanes[0] !== seed) continue;
      const { url } = seed.address;
      const trials = this.#lanes.get(url) ?? new WebSeedLanes();
      this.#lanes.set(url, trials);
      const decision = trials.decide(nowMs, {
        lanes: lanes.length,
        bytesPerSecond: lanes.reduce((sum, { download }) => sum + download.bytesPerSecond, 0),
        busy: lanes.every(({ debt, failure }) => debt.outstanding > 0 && failure === undefined),
      });
      if (decision === 'more' && this.#busy < WEB_SEEDS_ASKED_MAX) this.#copyOf(seed);
      else if (decision === 'fewer') lanes.at(-1)!.retiring = true;
    }
  }

  #lanesOf({ url }: WebSeedAddress): WebSeed[] {
    return [...this.all()].filter((seed) => seed.address.url === url && !seed.retiring);
  }

  /** One connection more, to a server that lacks what it is known to lack. */
  #copyOf(seed: WebSeed): void {
    const copy = this.#open(seed.address);
    const { picker } = this.#parts.intake.download;
    for (let index = 0; index < seed.pieces.have.length; index++) {
      const piece = index as PieceIndex;
      if (!seed.pieces.have.has(piece)) picker.removeHave(copy.pieces, piece);
    }
  }

  /** A web seed sent corrupt blocks; perhaps it is closed by now. */
  punish(link: LinkId, message: string): void {
    const address = this.#addresses.get(link);
    if (address !== undefined) this.#ban(address, 'ERR_WEB_SEED_CORRUPT', message);
  }

  /** Why nothing comes of them, for the user; `undefined` when there are none. */
  trouble(): string | undefined {
    let resting: WebSeed | undefined;
    for (const seed of this.all()) {
      if (seed.failure === undefined) return `waiting for ${nameOf(seed.address)}`;
      if (resting === undefined || seed.restUntilMs < resting.restUntilMs) resting = seed;
    }
    if (resting === undefined) return undefined;
    const seconds = Math.max(0, Math.ceil((resting.restUntilMs - this.#nowMs()) / 1000));
    return `${nameOf(resting.address)} ${resting.failure!.message}; trying again in ${seconds} s`;
  }

  // What the host tells.

  blockLanded(link: LinkId, piece: number, begin: number, length: number): void {
    const seed = this.#seeds.get(link)!;
    const nowMs = this.#nowMs();
    seed.lastBlockMs = nowMs;
    seed.failures = seed.outages = 0;
    seed.failure = undefined;
    this.#parts.shared.outage.over();
    this.#parts.intake.landed(seed, piece, begin, length);
    if (!seed.retiring) this.#parts.intake.refill(seed, nowMs);
  }

  blockReturned(link: LinkId, piece: number, begin: number): void {
    this.#returned = true;
    this.#parts.intake.returned(this.#seeds.get(link)!, piece, begin);
  }

  blocksDone(): void {
    this.#parts.blocksDone(this.#returned);
    this.#returned = false;
  }

  failed(link: LinkId, failure: WebSeedFailure): void {
    const seed = this.#seeds.get(link);
    if (seed !== undefined && !seed.closing) this.#failed(seed, failure);
  }

  rangeless(link: LinkId): void {
    const seed = this.#seeds.get(link);
    if (seed !== undefined) seed.debt.inOrder = seed.rangeless = true;
  }

  skipped(bytes: number): void {
    this.#parts.intake.wastedBytes += bytes;
  }

  closed(link: LinkId): void {
    this.#seeds.delete(link);
  }

  /** Nobody is blamed for that: it is said once for all, and tried again now and then. */
  #holdBack(seed: WebSeed, failure: WebSeedFailure): void {
    const { outage, random } = this.#parts.shared;
    outage.failed(failure, this.#nowMs());
    seed.failure = failure;
    // Perhaps nobody else tries the way out.
    const restMs = Math.min(OUTAGE_RETRY_MAX_MS, backOffMs(++seed.outages, WEB_SEED_BACK_OFF, random));
    seed.restUntilMs = this.#nowMs() + restMs;
  }

  #failed(seed: WebSeed, failure: WebSeedFailure): void {
    if (isOutage(failure.code)) return this.#holdBack(seed, failure);
    const others = failure.kind === 'busy' ? this.#lanesOf(seed.address).filter((other) => other !== seed) : [];
    // The server has had enough of our connections: it serves the others.
    if (others.some((other) => other.failure === undefined && other.download.bytesPerSecond > 0)) {
      this.#lanes.get(seed.address.url)!.refused(this.#nowMs());
      this.#close(seed);
      return;
    }
    if (seed.failure?.code !== failure.code) {
      this.#parts.warn({ code: failure.code, message: `${nameOf(seed.address)} ${failure.message}` });
    }
    seed.failures++;
    seed.failure = failure;
    if (failure.kind === 'unfit') return this.#drop(seed.address);
    const restMs = failure.retryAfterMs ?? backOffMs(seed.failures, WEB_SEED_BACK_OFF, this.#parts.shared.random);
    if (failure.kind === 'busy') seed.restUntilMs = this.#nowMs() + Math.min(restMs, WEB_SEED_RETRY_AFTER_MAX_MS);
    else this.#loseFile(seed, failure.file!);
  }

  /** The server lacks a file: the pieces with bytes of it are not to be had there. */
  #loseFile(seed: WebSeed, index: number): void {
    const { spec, intake } = this.#parts;
    const { geometry } = spec;
    const file = spec.webSeeds!.content.files[index]!;
    const last = geometry.lastPieceAt(file.offset, file.length);
    for (let piece = geometry.firstPieceAt(file.offset); piece <= last; piece++) {
      intake.download.picker.removeHave(seed.pieces, piece);
    }
    if (seed.pieces.have.count === 0) this.#drop(seed.address);
  }

  #judge(seed: WebSeed, nowMs: number): void {
    if (seed.debt.outstanding === 0) return;
    const waitedMs = nowMs - seed.lastBlockMs;
    const pinned = waitedMs > PINNED_PLACE_GRACE_MS && this.#parts.intake.download.arrivals.waitsFor(seed.link);
    if (!pinned && waitedMs <= REQUEST_TIMEOUT_MS) return;
    seed.lastBlockMs = nowMs;
    this.#parts.shared.webSeeds.port!.hangUp(seed.link);
    this.#failed(seed, { kind: 'busy', code: 'ERR_WEB_SEED_STALLED', message: 'sends nothing' });
  }

  #ban(address: WebSeedAddress, code: string, message: string): void {
    if (this.#banned.has(address.url)) return;
    this.#parts.warn({ code, message: `${nameOf(address)} ${message}` });
    this.#drop(address);
  }

  #drop({ url }: WebSeedAddress): void {
    this.#banned.add(url);
    for (const seed of this.all()) if (seed.address.url === url) this.#close(seed);
  }

  #close(seed: WebSeed): void {
    const { intake, shared } = this.#parts;
    seed.closing = true;
    if (seed.debt.current !== undefined) intake.download.pieces.leave(seed.debt.current);
    intake.download.leave(seed.debt);
    shared.webSeeds.port!.close(seed.link);
  }

  #nowMs(): number {
    return this.#parts.shared.clock.nowMs();
  }
}

/** Our own way out is open again, and for its sake alone this one was not reached. */
function comeBack(seed: WebSeed): void {
  seed.outages = 0;
  seed.failure = undefined;
  seed.restUntilMs = 0;
}

/** A web seed for a message: without query and password, which are often secret. */
function nameOf({ url }: WebSeedAddress): string {
  return `web seed ${url.replace(/[?#].*$/s, '').replace(/^(\w+:\/\/)[^/@]*@/, '$1')}`;
}
