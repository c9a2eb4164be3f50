// One real Session in a world of scripted peers: what `World` is to whole swarms, this is to one engine that is looked at
// closely. A run with the same seed is the same run.

import { Bitfield } from '../../base/bitfield.ts';
import type { Random } from '../../base/clock.ts';
import type { StorageError } from '../../base/errors.ts';
import type { Dht } from '../../engine/dht/dht.ts';
import type { LocalPort } from '../../engine/discovery/local-discovery.ts';
import type { AnnounceRequest, TrackerPort } from '../../engine/discovery/tracker-port.ts';
import { TICK_MS, WRITE_BEHIND_BYTES } from '../../engine/limits.ts';
import type { MetadataFetch } from '../../engine/metadata/metadata-fetch.ts';
import { PRIORITY_NORMAL } from '../../engine/picker/piece-picker.ts';
import type { MappedPorts } from '../../engine/portmap/own-ports.ts';
import type { PeerAddress, Transport } from '../../engine/ports.ts';
import { Session } from '../../engine/session/session.ts';
import { type PieceIndex, RUN_BLOCKS } from '../../engine/torrent/geometry.ts';
import type { SeedGoalReached } from '../../engine/torrent/seed-goal.ts';
import type { Torrent } from '../../engine/torrent/torrent.ts';
import type { TorrentObserver, TorrentPhase, TorrentSpec, Warning } from '../../engine/torrent/torrent-spec.ts';
import { sha1 } from '../sha1.ts';
import type { EventQueue } from './event-queue.ts';
import { HostDisk } from './host-disk.ts';
import { hostOptions } from './host-options.ts';
import { Line } from './line.ts';
import { HONEST } from './manners.ts';
import type { RemotePeer } from './remote-peer.ts';
import { RequestLog } from './request-log.ts';
import { ScriptedSwarm } from './scripted-swarm.ts';
import { SeedHabits, type SeedManners } from './seed-habits.ts';
import { StampedArena } from './stamped-arena.ts';
import type { NetworkNode } from './virtual-network.ts';
import { AttachedTracker, type VirtualTracker } from './virtual-tracker.ts';
import { VirtualWebSeeds } from './virtual-web-seeds.ts';
import { World } from './world.ts';

export interface SimulationOptions {
  readonly seed?: number;
  /** Piece memory. Default: 16 runs. */
  readonly frames?: number;
  /** Least and greatest time that anything takes on the network and in the disk. Default: 1 to 20. */
  readonly latencyMs?: readonly [number, number];
  readonly peersMax?: number;
  /** Peer exchange. Default: yes. */
  readonly pex?: boolean;
  /** Its own network (BEP 14). Default: none. */
  readonly local?: LocalPort;
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

const OWN_ADDRESS: PeerAddress = { host: '10.255.0.1', port: 6881 };

export class SimulatedSession {
  readonly random: Random;
  readonly queue: EventQueue;
  readonly arena: StampedArena;
  readonly network: ScriptedSwarm;
  readonly disk: HostDisk;
  readonly tracker: VirtualTracker;
  /** Every announce, oldest first. */
  readonly announces: AnnounceRequest[] = [];
  readonly webSeeds: VirtualWebSeeds;
  readonly session: Session;
  readonly dht: Dht | undefined;
  /** 0: it does not listen. */
  listenPort = 6881;
  /** What gateways gave it. */
  mappedPorts: MappedPorts = {};
  readonly #world: World;
  #nextStore = 1;
  #met = 0;
  #nextTickMs = TICK_MS;

  constructor(options: SimulationOptions = {}) {
    const world = new World(options.seed ?? 1);
    this.#world = world;
    const { random, queue, network, tracker, trace, privacy, torrents } = world;
    const [least, greatest] = options.latencyMs ?? [1, 20];
    const arena = new StampedArena(options.frames ?? RUN_BLOCKS * 16);
    Object.assign(network.troubles, { jitterMs: greatest - least, nobodyRefuses: true });
    Object.assign(tracker.habits, { intervalMs: 1_800_000, answerMs: 20 });
    const node = this.#node(least);
    network.join(node);
    const facts = { queue, trace, host: 0, node, privacy };
    const requests = new RequestLog(() => true);
    this.random = random;
    this.queue = queue;
    this.arena = arena;
    this.tracker = tracker;
    this.network = new ScriptedSwarm(
      { ...facts, network, arena, manners: HONEST, requests },
      { queue, random, torrents },
    );
    const traits = { latencyMs: 1, jitterMs: 2, bytesPerSecond: Number.POSITIVE_INFINITY };
    this.disk = new HostDisk({ queue, random, trace, host: 0 }, hostOptions({ disk: traits }).disk);
    const disk = this.disk.attach(arena);
    const trackers = new AttachedTracker({ ...facts, tracker });
    this.webSeeds = new VirtualWebSeeds(world, arena);
    this.dht = options.dht?.(this.queue, random);
    this.session = new Session({
      ...(this.dht && { dht: this.dht }),
      ...(options.local && { local: options.local }),
      clock: this.queue.clock,
      random,
      ledger: arena.ledger,
      peers: this.network,
      storage: disk,
      trackers: this.#listening(trackers),
      webSeeds: this.webSeeds,
      peerId: OWN_PEER_ID,
      clientName: 'Millrace in a simulation',
      sha1,
      peersMax: options.peersMax ?? 50,
      listenPort: () => this.listenPort,
      mappedPorts: () => this.mappedPorts,
      pex: options.pex ?? true,
      writeBehindBytes: WRITE_BEHIND_BYTES,
    });
    this.network.start(this.session);
    disk.start(this.session);
    trackers.start(this.session);
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
    const { infoHash = new Uint8Array(20).fill(store) } = facts;
    const shared = this.#world.torrent({ totalBytes, pieceBytes, infoHash });
    const { geometry } = shared;
    const spec: TorrentSpec = {
      infoHash,
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
    this.disk.open(store, shared);
    for (let piece = 0; piece < geometry.pieceCount; piece++) {
      if (spec.had.has(piece)) this.disk.put(store, piece as PieceIndex);
    }
    const news = new TorrentNews();
    return { torrent: this.session.add(spec, news, forerunner), news };
  }

  /** From now on every write and read of the disk fails, or none. */
  breakDisk(broken: boolean): void {
    this.disk.habits.capacityBytes = broken ? 0 : Number.POSITIVE_INFINITY;
    this.disk.habits.failures = broken ? 1 : 0;
  }

  /** A recheck of the torrent has found these pieces; the disk has no others from now on. */
  rechecked(torrent: Torrent, had: Bitfield): void {
    this.disk.found(torrent.spec.store, had);
    torrent.dispatch({ type: 'rechecked', had });
  }

  /** The events that were announced, `none` left out. */
  get announced(): string[] {
    return this.announces.map(({ event }) => event).filter((event) => event !== 'none');
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
    this.session.dialler.suggest(torrent, [address]);
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
      ...this.arena.leftovers(),
      ...this.network.open.map(({ link, address }) => `link ${link} to ${address.host} is open`),
    ];
  }

  /** The machine that the engine runs on: the fastest of lines. */
  #node(delayMs: number): NetworkNode {
    return {
      address: OWN_ADDRESS,
      line: new Line(this.#world.queue, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
      delayMs,
      nat: false,
      online: true,
      side: 0,
      accept: (wire) => this.network.accept(wire),
    };
  }

  /** Writes down what is announced. */
  #listening(trackers: TrackerPort): TrackerPort {
    return {
      announce: (ticket, request) => {
        this.announces.push(request);
        trackers.announce(ticket, request);
      },
      cancel: (ticket) => trackers.cancel(ticket),
    };
  }
}
