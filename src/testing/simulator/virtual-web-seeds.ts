// Web seeds without a network: implements the engine's WebSeedPort over virtual time. Each answers block by block, in the
// order in which it was asked; a test says how it behaves.
import { assert } from '../../base/assert.ts';
import { equalBytes } from '../../base/bytes.ts';
import type { Random } from '../../base/clock.ts';
import { BlockBatch } from '../../engine/block-batch.ts';
import {
  type LinkId,
  OUTCOME_LANDED,
  OUTCOME_RETURNED,
  REQUEST_BEGIN,
  REQUEST_LENGTH,
  REQUEST_PIECE,
  REQUEST_PLACE,
  REQUEST_STRIDE,
} from '../../engine/ports.ts';
import type {
  WebSeedAddress,
  WebSeedContent,
  WebSeedFailure,
  WebSeedPort,
  WebSeedSink,
} from '../../engine/webseed/web-seed-port.ts';
import type { EventQueue } from './event-queue.ts';
import { badStamp, type SharedTorrent } from './shared-torrent.ts';
import { DISK_OWNER, type StampedArena } from './stamped-arena.ts';
import type { World } from './world.ts';

/** How a web seed behaves; what is absent is honest. */
export interface WebSeedManners {
  /** Time between two blocks. Default 2. */
  blockMs?: number;
  /** All connections to it share its line: each sends so much more slowly. Default: each has the whole rate. */
  shared?: boolean;
  /** Connections above this are refused. */
  connectionsMax?: number;
  /** It sends nothing. */
  silent?: boolean;
  /** Every block of these pieces is wrong. */
  corrupt?: ReadonlySet<number>;
  /** The next requests fail with these, one each. */
  failures?: WebSeedFailure[];
}

const REFUSED: WebSeedFailure = { kind: 'busy', code: 'ERR_WEB_SEED_STATUS', message: 'answers with status 503' };

interface Owed {
  readonly piece: number;
  readonly begin: number;
  readonly length: number;
  readonly place: number;
}

interface Opened {
  readonly address: WebSeedAddress;
  readonly torrent: SharedTorrent;
  readonly manners: WebSeedManners;
  owed: Owed[];
  sending: boolean;
}

export class VirtualWebSeeds implements WebSeedPort {
  /** How the web seed of each URL behaves. */
  readonly manners: Map<string, WebSeedManners> = new Map();
  /** Blocks that each URL was asked for, in that order: piece and begin. */
  readonly asked: Map<string, [piece: number, begin: number][]> = new Map();
  /** Most web seeds that owed something at the same time. */
  busiest = 0;
  readonly #queue: EventQueue;
  readonly #arena: StampedArena;
  readonly #random: Random;
  readonly #torrents: readonly SharedTorrent[];
  readonly #open = new Map<LinkId, Opened>();
  #sink: WebSeedSink | undefined;

  constructor({ queue, random, torrents }: World, arena: StampedArena) {
    this.#queue = queue;
    this.#arena = arena;
    this.#random = random;
    this.#torrents = torrents;
  }

  start(sink: WebSeedSink): void {
    this.#sink = sink;
  }

  /** Connections to web seeds that are not closed. */
  get openCount(): number {
    return this.#open.size;
  }

  open(link: LinkId, address: WebSeedAddress, content: WebSeedContent): void {
    assert(!this.#open.has(link), 'a web seed is opened once');
    const torrent = this.#torrents.find(({ infoHash }) => equalBytes(infoHash, content.infoHash))!;
    const manners = this.manners.get(address.url) ?? {};
    this.#open.set(link, { address, torrent, manners, owed: [], sending: false });
  }

  request(link: LinkId, batch: Int32Array, count: number): void {
    const seed = this.#open.get(link)!;
    const log = this.asked.get(seed.address.url) ?? [];
    this.asked.set(seed.address.url, log);
    for (let at = 0; at < count * REQUEST_STRIDE; at += REQUEST_STRIDE) {
      const owed = {
        piece: batch[at + REQUEST_PIECE]!,
        begin: batch[at + REQUEST_BEGIN]!,
        length: batch[at + REQUEST_LENGTH]!,
        place: batch[at + REQUEST_PLACE]!,
      };
      this.#arena.claim(owed.place, 1, ownerOf(link));
      seed.owed.push(owed);
      log.push([owed.piece, owed.begin]);
    }
    this.busiest = Math.max(this.busiest, [...this.#open.values()].filter(({ owed }) => owed.length > 0).length);
    const { connectionsMax = Number.POSITIVE_INFINITY } = seed.manners;
    const failure = this.#lanesOf(seed).indexOf(seed) >= connectionsMax ? REFUSED : seed.manners.failures?.shift();
    if (failure !== undefined) this.#queue.plan(1, () => this.#fail(link, failure));
    else if (!seed.sending && !seed.manners.silent) this.#send(link, seed);
  }

  revoke(link: LinkId, piece: number, begin: number): void {
    const seed = this.#open.get(link);
    const at = seed?.owed.findIndex((owed) => owed.piece === piece && owed.begin === begin) ?? -1;
    // What is being sent just now lands.
    if (seed === undefined || at < 1) return;
    const [owed] = seed.owed.splice(at, 1);
    this.#queue.plan(0, () => this.#report(link, [owed!], OUTCOME_RETURNED));
  }

  hangUp(link: LinkId): void {
    this.#queue.plan(1, () => this.#giveBack(link));
  }

  close(link: LinkId): void {
    this.#queue.plan(1, () => {
      this.#giveBack(link);
      this.#open.delete(link);
      this.#sink!.webSeedClosed(link);
    });
  }

  #send(link: LinkId, seed: Opened): void {
    seed.sending = true;
    const { blockMs = 2, shared = false } = seed.manners;
    this.#queue.plan(blockMs * (shared ? this.#lanesOf(seed).filter(({ owed }) => owed.length > 0).length : 1), () => {
      seed.sending = false;
      const owed = seed.owed.shift();
      if (owed === undefined || this.#open.get(link) !== seed) return;
      const bad = seed.manners.corrupt?.has(owed.piece) ?? false;
      this.#arena.write(
        owed.place,
        bad ? badStamp(this.#random) : seed.torrent.stamp(owed.piece, owed.begin),
        ownerOf(link),
      );
      if (seed.owed.length > 0) this.#send(link, seed);
      this.#report(link, [owed], OUTCOME_LANDED);
    });
  }

  #lanesOf({ address }: Opened): Opened[] {
    return [...this.#open.values()].filter((other) => other.address.url === address.url);
  }

  #fail(link: LinkId, failure: WebSeedFailure): void {
    this.#sink!.webSeedFailed(link, failure);
    this.#giveBack(link);
  }

  #giveBack(link: LinkId): void {
    const seed = this.#open.get(link);
    if (seed !== undefined && seed.owed.length > 0) this.#report(link, seed.owed.splice(0), OUTCOME_RETURNED);
  }

  #report(link: LinkId, blocks: readonly Owed[], outcome: number): void {
    const batch = new BlockBatch();
    for (const { piece, begin, length, place } of blocks) {
      this.#arena.letGo(place, 1, ownerOf(link));
      batch.add(link, piece, begin, length, outcome);
    }
    this.#sink!.webSeedBlocks(batch.take(), blocks.length);
  }
}

/** Its places are told from those of a peer's link. */
function ownerOf(link: LinkId): number {
  return DISK_OWNER - 1 - link;
}
