// All torrents of a client over one host: hears everything that the host has to tell and passes it to the torrent
// concerned. Owns what torrents share: piece memory's ledger, rate limits, and the numbers of links and tickets.
import { assert } from '../../base/assert.ts';
import { SourceError, type StorageError } from '../../base/errors.ts';
import type { AnnounceReply } from '../../protocol/tracker/announce.ts';
import type { Handshake } from '../../protocol/wire/handshake.ts';
import { UploadSlots } from '../choker/upload-slots.ts';
import { AnnouncePace } from '../discovery/announce-pace.ts';
import { LocalDiscovery } from '../discovery/local-discovery.ts';
import type { TrackerSink } from '../discovery/tracker-port.ts';
import type { Heirloom } from '../metadata/acquaintance.ts';
import { MetadataFetch, type MetadataObserver, type MetadataSpec } from '../metadata/metadata-fetch.ts';
import {
  isOutage,
  type LinkEnd,
  type LinkId,
  type PeerAddress,
  type PeerSink,
  type StorageSink,
  type StoreId,
  type Transport,
} from '../ports.ts';
import { AddressGate } from '../swarm/address-gate.ts';
import { ExternalAddress } from '../swarm/external-address.ts';
import type { IpFilter } from '../swarm/ip-filter.ts';
import { TokenBucket } from '../swarm/token-bucket.ts';
import { Torrent } from '../torrent/torrent.ts';
import type { TorrentObserver, TorrentParts, TorrentSpec } from '../torrent/torrent-spec.ts';
import { StretchCache } from '../upload/stretch-cache.ts';
import { WebSeedDesk } from '../webseed/web-seed-desk.ts';
import { Dialler } from './dialler.ts';
import { couldMakeRoom, makeRoom } from './doorkeeper.ts';
import { FairShares } from './fair-shares.ts';
import { tellBlocks, tellRequests } from './link-batches.ts';
import { type Attachment, Links } from './links.ts';
import type { Member } from './member.ts';
import { reclaimSilent, yieldMemory } from './memory-fairness.ts';
import { Outage } from './outage.ts';
import { readHandshake } from './read-handshake.ts';
import { Roster } from './roster.ts';
import type { SessionParts } from './session-parts.ts';
import { knowsSomebody, makeRoomToDial, shedPeers, slotUsers, yieldSlot } from './slot-fairness.ts';
import { StorageReports } from './storage-reports.ts';
import { Strangers } from './strangers.ts';

/** Announce ids of one torrent stay below this. */
const TICKETS_PER_TORRENT: number = 2 ** 24;

export class Session implements PeerSink, StorageSink, TrackerSink {
  readonly downloadLimit: TokenBucket = new TokenBucket(0);
  readonly uploadLimit: TokenBucket = new TokenBucket(0);
  readonly links: Links;
  readonly dialler: Dialler;
  /** Who is not to be met at all. */
  readonly gate: AddressGate = new AddressGate();
  /** Whether anybody can be reached. */
  readonly outage: Outage;
  /** Our own address, as peers see it. */
  readonly external: ExternalAddress = new ExternalAddress();
  /** Hears from the own network. */
  readonly local: LocalDiscovery;
  /** Hears from the host's web seeds. */
  readonly webSeeds: WebSeedDesk;
  readonly #parts: SessionParts;
  readonly #common: Omit<TorrentParts, 'ticketBase'>;
  readonly #torrents = new Map<StoreId, Torrent>();
  /** Torrents and searches for metadata. */
  readonly #roster = new Roster();
  readonly #strangers = new Strangers();
  readonly #asks = new FairShares((torrent) => torrent.requestTurns.next(this.#parts.clock.nowMs()));
  readonly #serves = new FairShares((torrent) => torrent.upload.serveInTurn(this.#parts.clock.nowMs()));
  readonly #uploadSlots: UploadSlots;
  readonly #reports = new StorageReports(this.#torrents);
  #nextTicketBase = TICKETS_PER_TORRENT;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.links = new Links(parts.peersMax);
    const wayOpen = (): void => {
      for (const member of this.#roster.members()) member.dispatch({ type: 'way-open' });
    };
    this.outage = new Outage((warning) => parts.warn?.(warning), wayOpen);
    const { clock, peers } = parts;
    this.dialler = new Dialler({ clock, peers, links: this.links, roster: this.#roster, outage: this.outage });
    this.#uploadSlots = new UploadSlots(parts.random);
    this.webSeeds = new WebSeedDesk(parts.webSeeds, () => this.links.newNumber());
    this.local = new LocalDiscovery({ ...parts, roster: this.#roster, dial: () => this.dialler.dial() });
    const { downloadLimit, uploadLimit, external, webSeeds } = this;
    this.#common = {
      ...parts,
      refuses: this.gate.refuses,
      outage: this.outage,
      announcePace: new AnnouncePace(),
      wake: (member) => this.#roster.wake(member),
      cache: new StretchCache(parts.ledger),
      uploadSlots: this.#uploadSlots,
      trackerKey: Math.floor(parts.random.next() * 0x1_0000_0000),
      webSeeds,
      external,
      downloadLimit,
      uploadLimit,
    };
  }

  get torrents(): IterableIterator<Torrent> {
    return this.#torrents.values();
  }

  /** Addresses to have nothing to do with, from now on: who is connected from one of them is let go. */
  setIpFilter(filter: IpFilter | undefined): void {
    this.gate.filter = filter;
    this.#sift();
  }

  /** Has nothing to do with this host any more. */
  ban(host: string): void {
    this.gate.banned.add(host);
    this.#sift();
  }

  #sift(): void {
    for (const link of this.#strangers.from(this.gate.refuses)) this.#parts.peers.close(link);
    for (const member of this.#roster.members()) member.dispatch({ type: 'filtered' });
  }

  /**
   * Takes in a torrent whose store is open. It does nothing before `resume` is dispatched to it. `forerunner` is the
   * search that brought its metadata: the torrent takes over the peers and the addresses that it found.
   */
  add(spec: TorrentSpec, observer: TorrentObserver, forerunner?: MetadataFetch): Torrent {
    assert(!this.#torrents.has(spec.store), 'a store belongs to one torrent');
    const torrent = new Torrent(spec, this.#share(), observer, forerunner?.swarm.candidates);
    this.#torrents.set(spec.store, torrent);
    if (forerunner !== undefined) this.#leave(forerunner);
    this.#join(torrent);
    for (const heirloom of forerunner?.handOver() ?? []) this.#inherit(torrent, heirloom);
    return torrent;
  }

  /** Begins to look for the metadata of a torrent of which only the info hash is known. */
  fetchMetadata(spec: MetadataSpec, observer: MetadataObserver): MetadataFetch {
    const fetch = new MetadataFetch(spec, this.#share(), observer);
    this.#join(fetch);
    return fetch;
  }

  /** Forgets a torrent that has settled. */
  remove(torrent: Torrent): void {
    assert(torrent.settled, 'a torrent is removed when nothing of it is in memory any more');
    this.#torrents.delete(torrent.spec.store);
    this.#leave(torrent);
  }

  /** Forgets a search: its links end, its trackers are not asked again. */
  abandon(fetch: MetadataFetch): void {
    fetch.dispatch({ type: 'close' });
    this.#leave(fetch);
  }

  /** What a new member gets of what is common to all. */
  #share(): TorrentParts {
    const ticketBase = this.#nextTicketBase;
    this.#nextTicketBase += TICKETS_PER_TORRENT;
    // The name first: V8 makes a hidden class for every object that begins with a spread.
    return { ticketBase, ...this.#common };
  }

  #join(member: Member): void {
    this.#roster.join(member);
    this.#parts.peers.share(member.infoHash);
  }

  #leave(member: Member): void {
    if (this.#roster.leave(member)) this.#parts.peers.unshare(member.infoHash);
  }

  /** A link that a search for metadata made goes on as the torrent's: it hears what the peer said meanwhile. */
  #inherit(torrent: Torrent, heirloom: Heirloom): void {
    const { link, address, incoming } = heirloom.peer;
    const peer = torrent.admit(link, address, incoming);
    peer.claimsCandidate = heirloom.peer.claimsCandidate;
    this.links.attach(link, { member: torrent, peer });
    torrent.relations.adopt(peer, heirloom.handshake);
    for (const { id, payload } of heirloom.messages) torrent.dispatch({ type: 'message', peer, id, payload });
  }

  /** Control work, every TICK_MS. */
  tick(): void {
    const nowMs = this.#parts.clock.nowMs();
    for (const link of this.#strangers.late(nowMs)) this.#parts.peers.close(link);
    this.local.tick(nowMs);
    this.#roster.tick(nowMs, this.#parts.random);
    // Who is asleep has neither peers nor anything in memory, nor anybody to dial now.
    const awake = [...this.#roster.awake].filter((member) => member instanceof Torrent);
    const busy = awake.filter((torrent) => torrent.busy);
    this.#shareOut(busy.filter((torrent) => torrent.connected));
    reclaimSilent(busy, nowMs);
    yieldMemory(busy, nowMs);
    if (this.links.room < 0) shedPeers(this.#torrents.values(), this.links.peersMax);
    if (this.links.room <= 0) yieldSlot(this.#torrents.values());
    makeRoomToDial(awake, nowMs, this.links.room <= 0 && this.links.spare < 0);
    this.#uploadSlots.tick(slotUsers(busy), this.uploadLimit.bytesPerSecond, nowMs);
    this.dialler.dial();
  }

  /** What the rate limits let through since the last tick, in turn to all torrents that wait for it. */
  #shareOut(connected: readonly Torrent[]): void {
    this.#asks.share(connected.filter(({ downloadLimit }) => downloadLimit.limited));
    this.#serves.share(connected.filter(({ uploadLimit }) => uploadLimit.limited));
  }

  // Links.

  connected(link: LinkId, host?: string, transport?: Transport): void {
    const attachment = this.links.get(link);
    if (attachment === undefined) return;
    attachment.peer.utp = transport === 'utp';
    this.outage.over();
    // What a name stood for is known only now.
    if (host !== undefined) attachment.peer.host = host;
    if (this.gate.refuses(attachment.peer.host)) this.#parts.peers.close(link);
    else attachment.member.dispatch({ type: 'connected', peer: attachment.peer });
  }

  admits(from: PeerAddress): boolean {
    if (this.gate.refuses(from.host) || this.#strangers.isCrowded(from.host)) return false;
    return this.links.room > 0 || couldMakeRoom(from, this.#roster.members(), this.#parts.clock.nowMs());
  }

  incoming(link: LinkId, from: PeerAddress, via: Transport = 'tcp'): void {
    if (this.gate.refuses(from.host)) return this.#parts.peers.close(link);
    const leaving = this.#strangers.admit(link, { ...from, via }, this.#parts.clock.nowMs());
    if (leaving !== undefined) this.#parts.peers.close(leaving);
  }

  handshake(link: LinkId, bytes: Uint8Array): void {
    const handshake = readHandshake(bytes);
    const attachment = this.links.get(link) ?? this.#introduce(link, handshake);
    if (handshake === undefined || attachment === undefined) return this.#parts.peers.close(link);
    attachment.member.dispatch({ type: 'handshake', peer: attachment.peer, handshake });
  }

  message(link: LinkId, id: number, payload: Uint8Array): void {
    const attachment = this.links.get(link);
    if (attachment !== undefined) attachment.member.dispatch({ type: 'message', peer: attachment.peer, id, payload });
  }

  keepAlive(link: LinkId): void {
    const attachment = this.links.get(link);
    if (attachment !== undefined) attachment.member.dispatch({ type: 'keep-alive', peer: attachment.peer });
  }

  messagesDone(link: LinkId): void {
    const attachment = this.links.get(link);
    if (attachment !== undefined) attachment.member.messagesDone(attachment.peer);
  }

  blocks(batch: Int32Array, count: number): void {
    tellBlocks(this.links, batch, count);
  }

  requests(link: LinkId, batch: Int32Array, count: number): void {
    const attachment = this.links.get(link);
    if (attachment !== undefined) tellRequests(attachment, batch, count);
  }

  served(link: LinkId, count: number): void {
    const attachment = this.links.get(link);
    if (attachment !== undefined) attachment.member.served(attachment.peer, count);
  }

  closed(link: LinkId, end: LinkEnd): void {
    this.#strangers.forget(link);
    const attachment = this.links.detach(link);
    if (attachment === undefined) return;
    const { member, peer } = attachment;
    if (!peer.incoming) this.#judge(end);
    member.dispatch({ type: 'closed', peer, end });
  }

  // Storage.

  runsStored(batch: Int32Array, count: number): void {
    this.#reports.runsStored(batch, count);
  }

  blocksDiffered(batch: Int32Array, count: number): void {
    this.#reports.blocksDiffered(batch, count);
  }

  blocksRead(batch: Int32Array, count: number): void {
    this.#reports.blocksRead(batch, count);
  }

  storageFailed(store: StoreId, error: StorageError): void {
    this.#torrents.get(store)?.dispatch({ type: 'storage-failed', error });
  }

  // Trackers.

  announced(ticket: number, answer: AnnounceReply | SourceError): void {
    if (answer instanceof SourceError) this.outage.failed(answer, this.#parts.clock.nowMs());
    else this.outage.over();
    const member = this.#roster.withTicketBase(ticket - (ticket % TICKETS_PER_TORRENT));
    if (member === undefined) return;
    this.#roster.wake(member);
    member.dispatch({ type: 'announced', ticket, answer });
    this.dialler.dial();
  }

  /** A stranger's handshake names the torrent that it came for. */
  #introduce(link: LinkId, handshake: Handshake | undefined): Attachment | undefined {
    const address = this.#strangers.addressOf(link);
    if (address === undefined || handshake === undefined) return undefined;
    const member = this.#roster.withHash(handshake.infoHash);
    if (member === undefined || !member.welcoming || member.swarm.candidates.banned(address)) return undefined;
    if (member.swarm.hosts.isCrowded(address.host)) return undefined;
    const full = this.links.room <= 0 || (this.links.spare <= 0 && knowsSomebody(this.#roster.awake));
    const others = full ? this.#roster.members() : undefined;
    if (!makeRoom(address, member, others, this.#parts.clock.nowMs())) return undefined;
    this.#strangers.forget(link);
    this.#roster.wake(member);
    const attachment = { member, peer: member.admit(link, address, true) };
    this.links.attach(link, attachment);
    return attachment;
  }

  /** Our way out is gone, and with it whatever link there was. */
  hangUp(why: LinkEnd): void {
    this.outage.failed(why, this.#parts.clock.nowMs());
    for (const link of this.links.numbers()) this.#parts.peers.close(link);
    this.webSeeds.hangUp();
  }

  /** A link that we dialled is over: whoever failed on his own account shows that the way to him is open. */
  #judge(end: LinkEnd): void {
    if (isOutage(end.code)) this.outage.failed(end, this.#parts.clock.nowMs());
    else if (end.code !== 'ERR_LINK_CLOSED_HERE') this.outage.over();
  }
}
