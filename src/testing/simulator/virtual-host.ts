// One machine of a simulated world: a line, a disk, and the real engine over them. The engine can be shut down in good
// order or be killed, and come back to what its disk holds.
import { assert } from '../../base/assert.ts';
import type { Bitfield } from '../../base/bitfield.ts';
import { equalBytes } from '../../base/bytes.ts';
import { randomBelow } from '../../base/clock.ts';
import { TICK_MS, WRITE_BEHIND_BYTES } from '../../engine/limits.ts';
import type { MetadataFetch } from '../../engine/metadata/metadata-fetch.ts';
import { PRIORITY_NORMAL } from '../../engine/picker/piece-picker.ts';
import type { PeerAddress } from '../../engine/ports.ts';
import { Backlog } from '../../engine/scheduling/backlog.ts';
import { paceOf } from '../../engine/scheduling/scheduling.ts';
import { Session } from '../../engine/session/session.ts';
import type { PieceIndex } from '../../engine/torrent/geometry.ts';
import { sha1 } from '../sha1.ts';
import type { EndOwner, Wire } from './connection.ts';
import { type AttachedDisk, HostDisk } from './host-disk.ts';
import type { HostOptions } from './host-options.ts';
import { HostPort } from './host-port.ts';
import { Line } from './line.ts';
import { HONEST, LyingManners, type Manners } from './manners.ts';
import { RequestLog } from './request-log.ts';
import { Share, type ShareWays } from './share.ts';
import type { SharedTorrent } from './shared-torrent.ts';
import { StampedArena } from './stamped-arena.ts';
import { TRACE } from './trace-hash.ts';
import type { NetworkNode } from './virtual-network.ts';
import { AttachedTracker } from './virtual-tracker.ts';
import type { WorldParts } from './world-parts.ts';

const PORT = 6881;

/** An engine from its start to its end. */
interface Incarnation {
  readonly session: Session;
  /** Where events wait, unless they are taken in at once. */
  readonly backlog: Backlog | undefined;
  readonly arena: StampedArena;
  readonly port: HostPort;
  readonly disk: AttachedDisk;
  readonly tracker: AttachedTracker;
}

export class VirtualHost implements NetworkNode {
  readonly index: number;
  readonly address: PeerAddress;
  readonly line: Line;
  readonly delayMs: number;
  readonly nat: boolean;
  readonly options: HostOptions;
  readonly disk: HostDisk;
  readonly shares: Share[] = [];
  readonly requests: RequestLog;
  online = false;
  side = 0;
  /** Most frames of piece memory in use at once, over all incarnations. */
  peakFrames = 0;
  readonly #world: WorldParts;
  readonly #manners: Manners;
  #incarnation: Incarnation | undefined;
  #incarnations = 0;

  constructor(index: number, options: HostOptions, world: WorldParts) {
    this.index = index;
    this.options = options;
    this.#world = world;
    this.address = { host: `10.${index >> 8}.${index & 255}.1`, port: PORT };
    this.line = new Line(world.queue, options.upBytesPerSecond, options.downBytesPerSecond);
    this.delayMs = options.delayMs;
    this.nat = options.nat;
    this.#manners = options.lies === undefined ? HONEST : new LyingManners(options.lies, world.random);
    const { queue, random, trace } = world;
    this.disk = new HostDisk({ queue, random, trace, host: index }, options.disk);
    this.requests = new RequestLog((infoHash) => this.#inEndgame(infoHash));
  }

  get nowMs(): number {
    return this.#world.queue.nowMs;
  }

  later(delayMs: number, act: () => void): void {
    this.#world.queue.plan(delayMs, act);
  }

  /** The engine, while it runs. */
  get session(): Session | undefined {
    return this.#incarnation?.session;
  }

  get port(): HostPort | undefined {
    return this.#incarnation?.port;
  }

  /** Takes part in a torrent. What is in `had` (default: nothing) is on its disk already. */
  share(torrent: SharedTorrent, had: Bitfield | 'all' | 'nothing' = 'nothing', ways: ShareWays = {}): Share {
    const store = this.shares.length + 1;
    this.disk.open(store, torrent);
    for (let piece = 0; piece < torrent.geometry.pieceCount; piece++) {
      const there = had === 'all' || (had !== 'nothing' && had.has(piece));
      if (there) this.disk.put(store, piece as PieceIndex);
    }
    const share = new Share(this, torrent, store, ways);
    this.shares.push(share);
    if (this.#incarnation !== undefined) this.#join(this.#incarnation, share);
    return share;
  }

  /** Starts the engine; its torrents go on where the disk left off. */
  start(): void {
    assert(this.#incarnation === undefined, 'a host runs one engine');
    const { queue, random, network, trace, tracker, privacy } = this.#world;
    const arena = new StampedArena(this.options.frames);
    const facts = { queue, trace, host: this.index, node: this, privacy };
    const port = new HostPort({ ...facts, network, arena, manners: this.#manners, requests: this.requests });
    const disk = this.disk.attach(arena);
    const attached = new AttachedTracker({ ...facts, tracker });
    const backlog = this.#backlog();
    const session = new Session({
      clock: queue.clock,
      random,
      ledger: arena.ledger,
      peers: backlog?.heed(port) ?? port,
      storage: disk,
      trackers: attached,
      peerId: this.#peerId(),
      clientName: 'Millrace in a simulation',
      sha1,
      peersMax: this.options.peersMax,
      listenPort: () => PORT,
      pex: this.options.pex,
      writeBehindBytes: WRITE_BEHIND_BYTES,
    });
    backlog?.start(session, session);
    port.start(backlog ?? session);
    disk.start(backlog ?? session);
    attached.start(session);
    const incarnation = { session, backlog, arena, port, disk, tracker: attached };
    this.#incarnation = incarnation;
    this.online = true;
    this.#world.trace.note(queue.nowMs, this.index, TRACE.came, this.#incarnations, 0);
    for (const share of this.shares) this.#join(incarnation, share);
    queue.plan(randomBelow(random, TICK_MS), () => this.#tick(incarnation));
  }

  /** Shuts the engine down as its user would. What it left behind in memory is told to `done`: nothing, if all is well. */
  leave(done: (leftovers: string[]) => void = expectNothing): void {
    const incarnation = this.#incarnation;
    if (incarnation === undefined) return;
    for (const share of this.shares) {
      share.torrent?.dispatch({ type: 'close' });
      if (share.search !== undefined) incarnation.session.abandon(share.search);
      share.search = undefined;
    }
    const limitMs = this.#world.queue.nowMs + 60_000;
    const check = (): void => {
      const open = this.shares.filter(({ torrent }) => torrent?.settled === false);
      if (open.length > 0 && this.#world.queue.nowMs < limitMs) return this.#world.queue.plan(TICK_MS, check);
      const leftovers = open.map(({ torrent }) => `torrent of store ${torrent!.spec.store} did not settle`);
      for (const { torrent } of this.shares) if (torrent?.settled) incarnation.session.remove(torrent);
      leftovers.push(...incarnation.arena.leftovers());
      this.#end(incarnation);
      done(leftovers.map((leftover) => `host ${this.index}: ${leftover}`));
    };
    this.#world.queue.plan(0, check);
  }

  /** Kills the program: its links are closed by the system, nothing is said to trackers, unwritten pieces are lost. */
  crash(): void {
    if (this.#incarnation !== undefined) this.#end(this.#incarnation);
  }

  accept(wire: Wire): EndOwner {
    return this.#incarnation!.port.accept(wire);
  }

  #end(incarnation: Incarnation): void {
    if (this.#incarnation !== incarnation) return;
    this.#world.trace.note(this.#world.queue.nowMs, this.index, TRACE.left, this.#incarnations, 0);
    this.peakFrames = Math.max(this.peakFrames, incarnation.arena.ledger.peakFrames);
    this.#incarnation = undefined;
    this.online = false;
    incarnation.backlog?.abandon();
    for (const part of [incarnation.port, incarnation.disk, incarnation.tracker]) part.vanish();
    for (const share of this.shares) share.ended();
  }

  #backlog(): Backlog | undefined {
    const pace = paceOf(this.options.scheduling);
    const { queue } = this.#world;
    const plan = (delayMs: number, deliver: () => void): void => queue.plan(delayMs, deliver);
    return pace && new Backlog({ pace, clock: queue.clock, plan });
  }

  #tick(incarnation: Incarnation): void {
    if (this.#incarnation !== incarnation) return;
    incarnation.session.tick();
    this.#world.queue.plan(TICK_MS, () => this.#tick(incarnation));
  }

  /** Takes part in a torrent, or looks for its metadata first. */
  #join(incarnation: Incarnation, share: Share): void {
    if (share.knowsMetadata) return this.#add(incarnation, share);
    const { shared } = share;
    const found = (infoBytes: Uint8Array): void => {
      assert(equalBytes(infoBytes, shared.infoBytes), 'no metadata is taken in but the right one');
      share.knowsMetadata = true;
      this.#world.queue.plan(0, () => {
        if (this.#incarnation === incarnation && share.search === search) this.#add(incarnation, share, search);
      });
    };
    const search = incarnation.session.fetchMetadata(
      { infoHash: shared.infoHash, tiers: tiersOf(share) },
      { found, warned: (warning) => share.warned(warning) },
    );
    share.search = search;
  }

  #add({ session }: Incarnation, share: Share, search?: MetadataFetch): void {
    const { shared, store } = share;
    share.begin(
      session.add(
        {
          infoHash: shared.infoHash,
          geometry: shared.geometry,
          store,
          had: this.disk.verified(store),
          priorities: new Uint8Array(shared.geometry.pieceCount).fill(PRIORITY_NORMAL),
          sequential: false,
          tiers: tiersOf(share),
          infoBytes: shared.infoBytes,
          seed: this.options.seeds,
          private: shared.private,
        },
        share,
        search,
      ),
    );
  }

  /** A new one for each incarnation, as a program has. */
  #peerId(): Uint8Array {
    const id = new Uint8Array(20).fill(0x4d);
    id[17] = this.index >> 8;
    id[18] = this.index & 255;
    id[19] = ++this.#incarnations;
    return id;
  }

  #inEndgame(infoHash: Uint8Array): boolean {
    const share = this.shares.find(({ shared }) => equalBytes(shared.infoHash, infoHash));
    if (share?.torrent === undefined) return false;
    const { picker, pieces } = share.torrent.intake.download;
    const open = pieces.list.filter(({ index, wanted }) => wanted === 0 && picker.isWanted(index));
    return picker.wantedCount === open.length;
  }
}

function tiersOf({ shared, ways }: Share): string[][] {
  return ways.announces === false ? [] : [[shared.tracker]];
}

function expectNothing(leftovers: string[]): void {
  assert(leftovers.length === 0, leftovers.join('; '));
}
