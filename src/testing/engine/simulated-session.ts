// The real Session over a simulated world: virtual time, network, disk and trackers. A run with the same seed is the
// same run.

import { Bitfield } from '../../base/bitfield.ts';
import { type Random, randomBelow } from '../../base/clock.ts';
import type { StorageError } from '../../base/errors.ts';
import type { Dht } from '../../engine/dht/dht.ts';
import { TICK_MS } from '../../engine/limits.ts';
import type { MetadataFetch } from '../../engine/metadata/metadata-fetch.ts';
import { PRIORITY_NORMAL } from '../../engine/picker/piece-picker.ts';
import type { Transport } from '../../engine/ports.ts';
import { Session } from '../../engine/session/session.ts';
import { Geometry, type PieceIndex, RUN_BLOCKS } from '../../engine/torrent/geometry.ts';
import type { SeedGoalReached } from '../../engine/torrent/seed-goal.ts';
import type { Torrent } from '../../engine/torrent/torrent.ts';
import type { TorrentObserver, TorrentPhase, TorrentSpec, Warning } from '../../engine/torrent/torrent-spec.ts';
import { SeededRandom } from '../seeded-random.ts';
import { sha1 } from '../sha1.ts';
import { EventQueue } from '../simulator/event-queue.ts';
import type { RemotePeer } from './remote-peer.ts';
import { SeedHabits, type SeedManners } from './seed-habits.ts';
import { SimulatedArena } from './simulated-arena.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { SimulatedNetwork } from './simulated-network.ts';
import { SimulatedTrackers } from './simulated-trackers.ts';
import { SimulatedWebSeeds } from './simulated-web-seeds.ts';

export interface SimulationOptions {
  readonly seed?: number;
  /** Piece memory. Default: 16 runs. */
  readonly frames?: number;
  /** Least and greatest time that anything takes on the network and in the disk. Default: 1 to 20. */
  readonly latencyMs?: readonly [number, number];
  readonly peersMax?: number;
  /** Peer exchange. Default: yes. */
  readonly pex?: boolean;
  /** Makes the session's node of the DHT. Default: it has none. */
  readonly dht?: (queue: EventQueue, random: Random) => Dht;
}

/** What a torrent told its observer. */
export class TorrentNews implements TorrentObserver {
  readonly phases: TorrentPhase[] = [];
  readonly pieces: number[] = [];
  readonly warnings: Warning[] = [];
  readonly errors: StorageError[] = [];
  readonly goals: SeedGoalReached[] = [];

  phaseChanged(phase: TorrentPhase): void {
    this.phases.push(phase);
  }

  pieceVerified(piece: number): void {
    this.pieces.push(piece);
  }

  warned(warning: Warning): void {
    this.warnings.push(warning);
  }

  failed(error: StorageError): void {
    this.errors.push(error);
  }

  goalReached(reached: SeedGoalReached): void {
    this.goals.push(reached);
  }

  /** Codes of the warnings. */
  get codes(): string[] {
    return this.warnings.map(({ code }) => code);
  }
}

export interface AddedTorrent {
  readonly torrent: Torrent;
  readonly news: TorrentNews;
}

/** Where simulated seeds listen. */
export const SEED_PORT = 6881;

export const OWN_PEER_ID: Uint8Array = new Uint8Array(20).fill(0x4d);

export class SimulatedSession {
  readonly random: Random;
  readonly queue: EventQueue = new EventQueue();
  readonly arena: SimulatedArena;
  readonly network: SimulatedNetwork;
  readonly disk: SimulatedDisk;
  readonly trackers: SimulatedTrackers;
  readonly webSeeds: SimulatedWebSeeds;
  readonly session: Session;
  readonly dht: Dht | undefined;
  /** 0: it does not listen. */
  listenPort = 6881;
  #nextStore = 1;
  #met = 0;
  #nextTickMs = TICK_MS;

  constructor(options: SimulationOptions = {}) {
    const random = new SeededRandom(options.seed ?? 1);
    const [least, greatest] = options.latencyMs ?? [1, 20];
    const latencyMs = (): number => least + randomBelow(random, greatest - least + 1);
    const arena = new SimulatedArena(options.frames ?? RUN_BLOCKS * 16);
    const parts = { queue: this.queue, arena, latencyMs };
    this.random = random;
    this.arena = arena;
    this.network = new SimulatedNetwork(parts);
    this.disk = new SimulatedDisk(parts);
    this.trackers = new SimulatedTrackers(this.queue);
    this.webSeeds = new SimulatedWebSeeds(this.queue, arena);
    this.dht = options.dht?.(this.queue, random);
    this.session = new Session({
      ...(this.dht && { dht: this.dht }),
      clock: this.queue.clock,
      random,
      ledger: arena.ledger,
      peers: this.network,
      storage: this.disk,
      trackers: this.trackers,
      webSeeds: this.webSeeds,
      peerId: OWN_PEER_ID,
      clientName: 'Millrace in a simulation',
      sha1,
      peersMax: options.peersMax ?? 50,
      listenPort: () => this.listenPort,
      pex: options.pex ?? true,
      diskWorkers: 1,
    });
    this.network.start(this.session);
    this.disk.start(this.session);
    this.trackers.start(this.session);
    this.webSeeds.start(this.session.webSeeds);
  }

  /** Adds a torrent of this shape; it stands still until it is resumed. `had` is on the disk already. */
  add(
    totalBytes: number,
    pieceBytes: number,
    facts: Partial<TorrentSpec> = {},
    forerunner?: MetadataFetch,
  ): AddedTorrent {
    const store = this.#nextStore++;
    const geometry = new Geometry(totalBytes, pieceBytes);
    const spec: TorrentSpec = {
      infoHash: new Uint8Array(20).fill(store),
      geometry,
      store,
      had: new Bitfield(geometry.pieceCount),
      priorities: new Uint8Array(geometry.pieceCount).fill(PRIORITY_NORMAL),
      sequential: false,
      tiers: [],
      seed: true,
      private: false,
      ...facts,
    };
    this.disk.open(store, geometry);
    for (let piece = 0; piece < geometry.pieceCount; piece++) {
      if (spec.had.has(piece)) this.disk.put(store, piece as PieceIndex);
    }
    const news = new TorrentNews();
    return { torrent: this.session.add(spec, news, forerunner), news };
  }

  /** A seed at `host` that the user named. It has everything and behaves, unless `manners` say otherwise. */
  addSeed(torrent: Torrent, host: string, manners: Partial<SeedManners> = {}): SeedHabits {
    const { infoHash, geometry } = torrent.spec;
    const have = new Bitfield(geometry.pieceCount);
    have.fill();
    const peerId = new Uint8Array(20);
    for (let at = 0; at < host.length; at++) peerId[at % 20]! ^= host.charCodeAt(at) + at;
    const { queue, random } = this;
    const seed = new SeedHabits({ queue, random, infoHash, peerId, have, ...manners });
    const address = { host, port: SEED_PORT };
    this.network.listen(address, seed);
    this.session.suggest(torrent, [address]);
    return seed;
  }

  /** Somebody connects to us, and both have shaken hands when this returns. What it does next is the test's to say. */
  meet(
    torrent: Torrent,
    facts: {
      host?: string;
      fast?: boolean;
      extensions?: boolean;
      dht?: boolean;
      peerId?: Uint8Array;
      transport?: Transport;
    } = {},
  ): RemotePeer {
    const { host = `10.1.0.${++this.#met}`, fast = true, extensions = false, dht = false } = facts;
    const peerId = facts.peerId ?? new Uint8Array(20).fill(this.#met);
    const remote = this.network.dialIn({ host, port: 50_000 + this.#met }, {}, facts.transport);
    remote.sendHandshake({ infoHash: torrent.spec.infoHash, peerId, fast, extensions, dht });
    this.run(100);
    return remote;
  }

  /** Lets time pass, control ticks included. */
  run(ms: number): void {
    this.runUntil(() => false, ms);
  }

  /** Lets time pass until it is so, looked at on every tick; returns false when `limitMs` were not enough. */
  runUntil(done: () => boolean, limitMs: number): boolean {
    const endMs = this.queue.nowMs + limitMs;
    while (!done()) {
      if (this.queue.nowMs >= endMs) return false;
      const untilMs = Math.min(this.#nextTickMs, endMs);
      this.queue.runUntil(untilMs);
      if (untilMs < this.#nextTickMs) continue;
      this.#nextTickMs += TICK_MS;
      this.dht?.tick();
      this.session.tick();
    }
    return true;
  }

  /** Closes a torrent and lists everything that it left behind: nothing, if all is well. */
  leftovers(torrent: Torrent): string[] {
    torrent.dispatch({ type: 'close' });
    const settled = this.runUntil(() => torrent.settled, 60_000);
    if (settled) this.session.remove(torrent);
    return [
      ...(settled ? [] : ['the torrent did not settle']),
      ...this.arena.ledger.describeLeaks(),
      ...this.arena.owned(),
      ...this.network.open.map(({ link, address }) => `link ${link} to ${address.host} is open`),
    ];
  }
}
