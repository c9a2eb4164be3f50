// The public library's entrance: a BitTorrent client in one object.
import { randomInt } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Clock, Random } from '../base/clock.ts';
import { InputError } from '../base/errors.ts';
import type { TrackerSink } from '../engine/discovery/tracker-port.ts';
import { SlotLedger } from '../engine/memory/slot-ledger.ts';
import type { MetadataFetch } from '../engine/metadata/metadata-fetch.ts';
import type { MappedPorts } from '../engine/portmap/own-ports.ts';
import { Session } from '../engine/session/session.ts';
import type { ExternalAddress } from '../engine/swarm/external-address.ts';
import { BLOCK_BYTES } from '../engine/torrent/geometry.ts';
import { DiskPool } from '../host/disk/disk-pool.ts';
import { LsdHost } from '../host/lsd/lsd-host.ts';
import { Arena } from '../host/memory/arena.ts';
import { Egress } from '../host/net/egress.ts';
import { UdpHost } from '../host/net/udp-host.ts';
import { timedPeerPort, timedPeerSink, timedStoragePort, timedStorageSink } from '../host/profile/timed-ports.ts';
import { TrackerClient } from '../host/tracker/tracker-client.ts';
import { WebSeedHost } from '../host/webseed/web-seed-host.ts';
import type { Magnet } from '../protocol/magnet/magnet.ts';
import type { Metainfo } from '../protocol/metainfo/metainfo.ts';
import { metainfoSteps } from '../protocol/metainfo/parse-metainfo.ts';
import { ClientDht } from './client-dht.ts';
import { makePeerId, USER_AGENT } from './client-name.ts';
import { type ClientSettings, checkCount, checkRate, clientSettings } from './client-options.ts';
import { Core } from './core.ts';
import { DhtHomes } from './dht-homes.ts';
import { forwardStorage } from './forward-storage.ts';
import { IpFiltering } from './ip-filtering.ts';
import { Listener } from './listener.ts';
import { loopTurns } from './loop-turns.ts';
import { isMagnet, type MetadataSearch, magnetOptions, metainfoOf } from './metadata-search.ts';
import { MetadataSearches } from './metadata-searches.ts';
import { MetadataStore } from './metadata-store.ts';
import { metainfoPorts } from './metainfo-ports.ts';
import { makeNetHost } from './net-threads.ts';
import { ClientPortMapping } from './port-mapping.ts';
import type { PortMappingStatus } from './port-mapping-types.ts';
import { Profiler } from './profiler.ts';
import { ResumeStore } from './resume-store.ts';
import { Schedule } from './schedule.ts';
import { resolveSourceBy } from './source.ts';
import { Torrent } from './torrent.ts';
import type {
  AddOptions,
  ClientOptions,
  DataPathStats,
  FetchOptions,
  IpFilterReport,
  IpFilterSource,
  Limits,
  PeerAddress,
  ProfileReport,
  TorrentWarning,
} from './types.ts';

const clock: Clock = { nowMs: () => performance.now() };
const random: Random = { next: () => randomInt(2 ** 32) / 2 ** 32 };

/** The events of a Client. */
export interface ClientEvents {
  /** Something that concerns no single torrent went wrong, and does not stop the client. */
  warning: [warning: TorrentWarning];
  /** A gateway opened a port for us, lost it, or says why it does not (`ClientOptions.portMapping`). */
  portMapping: [status: PortMappingStatus];
}

/**
 * Downloads and seeds torrents.
 *
 * @example
 * const client = new Client();
 * const torrent = await client.add('debian.torrent', { directory: 'downloads' });
 * await torrent.completed();
 * await client.close();
 */
export class Client extends EventEmitter<ClientEvents> {
  readonly #settings: ClientSettings;
  readonly #core: Core;
  readonly #trackers: TrackerClient;
  readonly #webSeeds: WebSeedHost;
  readonly #lsd: LsdHost | undefined;
  readonly #udp: UdpHost;
  /** The way out of everything. */
  readonly #egress: Egress;
  readonly #dht: ClientDht | undefined;
  readonly #dhtHomes: DhtHomes;
  readonly #listener: Listener;
  readonly #portMapping: ClientPortMapping | undefined;
  readonly #ledger: SlotLedger;
  readonly #ipFiltering: IpFiltering;
  readonly #profiler: Profiler | undefined;
  readonly #torrents = new Map<string, Torrent>();
  readonly #searches: MetadataSearches;
  #listening: Promise<PeerAddress | undefined> | undefined;
  #closing: Promise<void> | undefined;

  /** Starts the threads of the disk, and of the network if there are any, and nothing else. Throws InputError ERR_CLIENT_MEMORY or ERR_CLIENT_OPTION. */
  constructor(options: ClientOptions = {}) {
    super();
    const settings = clientSettings(options);
    this.#settings = settings;
    const arena = new Arena(Math.floor(settings.memoryBytes / BLOCK_BYTES));
    this.#ledger = new SlotLedger(arena.frames.count);
    this.#profiler = settings.profile ? new Profiler() : undefined;
    const times = this.#profiler?.times;
    const warn = (warning: TorrentWarning): boolean => this.emit('warning', warning);
    const egress = new Egress(settings.egress);
    this.#egress = egress;
    this.#udp = new UdpHost(egress);
    const host = makeNetHost({ settings, arena, times, datagrams: this.#udp, egress, warn });
    const schedule = new Schedule(settings.scheduling);
    // The disk and the trackers are made before the session that hears from them.
    const pool = new DiskPool({
      arena,
      workers: settings.diskWorkers,
      sink: forwardStorage(() => sinks.storage),
      hashing: settings.hashing,
      profile: settings.profile,
    });
    const announced: TrackerSink['announced'] = (ticket, answer) => session.announced(ticket, answer);
    const asking = { userAgent: USER_AGENT, allowLocal: settings.allowLocal, egress };
    this.#trackers = new TrackerClient({ announced }, asking);
    const webSeeds = new WebSeedHost({ memory: host.memory, counters: host.countersHere, ...asking });
    this.#webSeeds = webSeeds;
    const { listen, lsd } = settings;
    this.#lsd = lsd && listen !== false ? new LsdHost({ host: listen.host, binding: egress.binding }) : undefined;
    const refuses = (host: string): boolean => session.gate.refuses(host);
    const udpAddresses = settings.dht === false ? [] : settings.dht.addresses;
    this.#dhtHomes = new DhtHomes(udpAddresses);
    const homes = this.#dhtHomes.datagrams;
    const mappedPorts = (): MappedPorts => this.#portMapping?.mappedUdpPorts ?? {};
    const external = (): ExternalAddress => session.external;
    const dhtParts = { datagrams: this.#udp, homes, egress, clock, random, refuses, mappedPorts, external };
    this.#dht = settings.dht === false ? undefined : new ClientDht({ settings: settings.dht, ...dhtParts });
    const session: Session = new Session({
      clock,
      random,
      ledger: this.#ledger,
      peers: schedule.heed(times ? timedPeerPort(host, times) : host),
      storage: times ? timedStoragePort(pool, times) : pool,
      trackers: this.#trackers,
      ...(this.#dht && { dht: this.#dht.engine }),
      webSeeds,
      ...(this.#lsd && { local: this.#lsd }),
      peerId: makePeerId(),
      clientName: USER_AGENT,
      sha1: metainfoPorts.sha1,
      peersMax: settings.peersMax,
      listenPort: () => this.#listener.port,
      mappedPorts: () => this.#portMapping?.mappedPorts ?? {},
      pex: settings.pex,
      writeBehindBytes: pool.writeBehindBytes,
      warn,
    });
    session.downloadLimit.setRate(settings.downloadBytesPerSecond);
    session.uploadLimit.setRate(settings.uploadBytesPerSecond);
    webSeeds.start(session.webSeeds);
    this.#lsd?.start(session.local);
    const sinks = schedule.start(
      times ? timedPeerSink(session, times) : session,
      times ? timedStorageSink(session, times) : session,
    );
    host.start(sinks.peers);
    this.#ipFiltering = new IpFiltering(session, settings.ipFilter, warn);
    const listening = { listen: settings.listen, udpAddresses, egress, session };
    this.#listener = new Listener({ tcp: host, udp: this.#udp, ...listening, warn });
    this.#portMapping = this.#makePortMapping(external);
    const resume = new ResumeStore(warn, undefined, (file, bytesMax) => pool.load(file, bytesMax));
    const forget = (torrent: Torrent): void => void this.#torrents.delete(torrent.infoHash);
    this.#core = new Core({ pool, host, session, schedule, resume, metadata: new MetadataStore(), forget });
    this.#searches = new MetadataSearches(this.#core, this.#dht, warn);
  }

  /** Our node of the distributed hash table; `undefined` when it is off. */
  get dht(): ClientDht | undefined {
    return this.#dht;
  }

  /** What gateways let through to us; `undefined` when none is asked. */
  get portMapping(): PortMappingStatus | undefined {
    return this.#portMapping?.status();
  }

  /** The torrents that were added and not removed since. */
  get torrents(): readonly Torrent[] {
    return [...this.#torrents.values()];
  }

  /**
   * Reads the IP filter, listens for peers and resolves to the bound address, `undefined` when told never to listen. `add` does it, too; a
   * second call returns the first one's answer. Rejects with InputError ERR_CLIENT_LISTEN when the address cannot be
   * bound (it can be tried again), ERR_FILTER_… as `setIpFilter` does, ERR_CLIENT_CLOSED after `close`.
   */
  async listen(): Promise<PeerAddress | undefined> {
    this.#requireOpen();
    this.#listening ??= this.#listen();
    try {
      return await this.#listening;
    } catch (error) {
      // The address may be free the next time.
      this.#listening = undefined;
      throw error;
    }
  }

  /**
   * Adds a torrent: the path or the http(s) URL of a torrent file, a magnet link, an info hash, a torrent file's bytes
   * (which must not change afterwards), or what `resolveSource` or `createTorrent` made of it. Resolves when the metainfo is
   * known; what is on disk already is then found out and the rest downloaded without being asked to. The metainfo of a
   * magnet link comes from its peers: until then it is among `searches`. Rejects with InputError for a bad source or
   * option, ERR_CLIENT_DUPLICATE for a torrent that the client has, ERR_TORRENT_REMOVED when the client is closed
   * meanwhile, as `listen` does, with SourceError when a web server does not give the torrent file, and with the reason
   * of `options.signal`.
   */
  async add(source: string | Uint8Array | Metainfo | Magnet, options: AddOptions = {}): Promise<Torrent> {
    this.#requireOpen();
    const loaded = await this.#load(source, options.signal);
    const saved = isMagnet(loaded) ? await this.#core.metadata.load(loaded.infoHash) : undefined;
    await this.listen();
    this.#requireNew(loaded);
    if (!isMagnet(loaded)) return this.#begin(loaded, options);
    if (saved !== undefined) return this.#begin(metainfoOf(loaded, saved), magnetOptions(loaded, saved, options));
    return await this.#searches.find(loaded, options, (info, { fetch }) =>
      this.#begin(metainfoOf(loaded, info), magnetOptions(loaded, info, options), fetch),
    );
  }

  /**
   * Gets what the torrent file of a magnet link or an info hash would say from its peers, and nothing else: no folder is
   * made. Takes whatever `add` takes; what is known already, from an earlier search too, is given at once. What came is kept,
   * so that `add` then needs nobody. While it lasts the search is among `searches`. Rejects as `add` does, with
   * the reason of `options.signal` when that ends it: `AbortSignal.timeout` sets a limit.
   */
  async fetchMetadata(source: string | Uint8Array | Metainfo | Magnet, options: FetchOptions = {}): Promise<Metainfo> {
    this.#requireOpen();
    const loaded = await this.#load(source, options.signal);
    if (!isMagnet(loaded)) return loaded;
    const known = this.#torrents.get(loaded.infoHash)?.metainfo ?? (await this.#core.metadata.loadFor(loaded));
    if (known !== undefined) return known;
    await this.listen();
    this.#requireNew(loaded);
    return await this.#searches.find(loaded, options, (info, search) => {
      search.close();
      return metainfoOf(loaded, info);
    });
  }

  /** Magnet links whose metadata is being looked for. */
  get searches(): readonly MetadataSearch[] {
    return this.#searches.all;
  }

  /**
   * Changes the limits over all torrents: rates in bytes per second, 0 meaning none, and connected peers. What is not named stays.
   * Throws InputError ERR_CLIENT_OPTION.
   */
  limit(limits: Limits): void {
    const { downloadBytesPerSecond: down, uploadBytesPerSecond: up, peersMax } = limits;
    if (down !== undefined) checkRate('downloadBytesPerSecond', down);
    if (up !== undefined) checkRate('uploadBytesPerSecond', up);
    if (peersMax !== undefined) checkCount('peersMax', peersMax);
    const { session } = this.#core;
    if (peersMax !== undefined) session.links.peersMax = peersMax;
    if (down !== undefined) session.downloadLimit.setRate(down);
    if (up !== undefined) session.uploadLimit.setRate(up);
  }

  /**
   * Replaces the IP filter; `undefined` takes it away. Connected peers that it names are dropped. Resolves when it is in
   * force, to what the list came to; lines that nobody can read are left out, with a warning. Rejects with InputError
   * ERR_FILTER_READ, ERR_FILTER_TOO_LARGE or ERR_FILTER_EMPTY, and the filter before stays.
   */
  async setIpFilter(source: IpFilterSource | undefined): Promise<IpFilterReport> {
    this.#requireOpen();
    return await this.#ipFiltering.set(source);
  }

  /** Drops all peers of this host, an IP address, and has nothing to do with it any more while the client lives. */
  ban(host: string): void {
    this.#core.session.ban(host);
  }

  /** What became of all bytes received so far. */
  dataPath(): DataPathStats {
    const { host, pool, session, retiredWasteBytes } = this.#core;
    let wastedBytes = retiredWasteBytes;
    for (const torrent of session.torrents) wastedBytes += torrent.intake.wastedBytes;
    return {
      placedBytes: host.counters.placedBytes,
      copiedBytes: host.counters.copiedBytes,
      wastedBytes,
      readBackBytes: pool.stats().readBackBytes,
      reads: host.counters.reads,
      sealedBytes: host.sealedBytes,
    };
  }

  /** What was measured so far; `undefined` unless the client was made with `profile: true`. */
  profile(): ProfileReport | undefined {
    const { host, pool, session } = this.#core;
    const torrents = [...session.torrents];
    const storing = torrents.map(({ intake }) => intake.download.runs.storingPeakBytes);
    return this.#profiler?.report({
      received: host.counters,
      netTimes: host.threadTimes,
      netBusy: host.threadsBusy(),
      disk: pool.stats(),
      diskWorkers: this.#settings.diskWorkers,
      memoryPeakBytes: this.#ledger.peakFrames * BLOCK_BYTES,
      memoryCapBytes: this.#ledger.frames * BLOCK_BYTES,
      storingPeakBytes: Math.max(0, ...storing),
      limitUsed: Math.max(...[session, ...torrents].map(({ downloadLimit }) => downloadLimit.usedShare)),
      scheduling: this.#settings.scheduling,
    });
  }

  /**
   * Closes all torrents (which saves their resume data), tells trackers and gateways for at most two seconds, and frees ports,
   * threads and memory: the process can then end. Idempotent.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#listening?.catch(() => undefined);
    this.#searches.close();
    this.#listener.close();
    const unmapped = this.#portMapping?.close();
    await Promise.all(this.torrents.map((torrent) => torrent.close()));
    this.#core.stop();
    await this.#dht?.close();
    this.#profiler?.close();
    const { host, pool } = this.#core;
    const udpClosed = host.shutdown().then(() => Promise.all([this.#udp.close(), this.#dhtHomes.close()]));
    const links = [udpClosed, this.#webSeeds.shutdown(), this.#lsd?.close()];
    await Promise.all([...links, pool.close(), this.#trackers.close(), unmapped]);
  }

  #makePortMapping(external: () => ExternalAddress): ClientPortMapping | undefined {
    return ClientPortMapping.of(this.#settings.portMapping, {
      clock,
      random,
      external,
      ports: this.#listener,
      binding: this.#egress.binding,
      changed: (status, moved) => {
        this.emit('portMapping', status);
        // Who was told another port is told again.
        if (moved) for (const torrent of this.torrents) torrent.reannounce();
      },
    });
  }

  #begin(metainfo: Metainfo, options: AddOptions, forerunner?: MetadataFetch): Torrent {
    const nodes = metainfo.private ? [] : (metainfo.nodes ?? []);
    for (const node of nodes) this.#dht?.addNode(node, this.#settings.allowLocal);
    const torrent = new Torrent(this.#core, metainfo, options, forerunner);
    this.#torrents.set(metainfo.infoHash, torrent);
    return torrent;
  }

  async #load(
    source: string | Uint8Array | Metainfo | Magnet,
    signal: AbortSignal | undefined,
  ): Promise<Metainfo | Magnet> {
    const ways = { read: this.#core.readTorrent, egress: this.#egress };
    if (typeof source === 'string') return await resolveSourceBy(ways, source, signal);
    if (source instanceof Uint8Array) return await loopTurns.run(metainfoSteps(source, metainfoPorts));
    return source;
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw new InputError('ERR_CLIENT_CLOSED', 'the client is closed; make a new one');
  }

  #requireNew(source: Metainfo | Magnet): void {
    this.#requireOpen();
    if (!this.#torrents.has(source.infoHash) && !this.#searches.has(source.infoHash)) return;
    throw new InputError('ERR_CLIENT_DUPLICATE', `${nameOf(source)} is already being shared by this client`);
  }

  async #listen(): Promise<PeerAddress | undefined> {
    await this.#ipFiltering.begin();
    const bound = await this.#listener.open();
    // Without multicast, as in many containers, there is nobody to be found this way.
    await this.#lsd?.open();
    await this.#dhtHomes.open(this.#listener.port, (warning) => this.emit('warning', warning));
    await this.#dht?.start();
    this.#portMapping?.start();
    return bound;
  }
}

function nameOf(source: Metainfo | Magnet): string {
  return isMagnet(source) ? (source.displayName ?? source.infoHash) : source.name;
}
