// All torrents of a client over one host: hears everything that the host has to tell and passes it to the torrent
// concerned. Owns what torrents share: piece memory's ledger, rate limits, and the numbers of links and tickets.
import { assert } from '../../base/assert.ts';
import { toHex } from '../../base/bytes.ts';
import { PeerError, type SourceError, type StorageError } from '../../base/errors.ts';
import type { AnnounceReply } from '../../protocol/tracker/announce.ts';
import { decodeHandshake, type Handshake } from '../../protocol/wire/handshake.ts';
import { UploadSlots } from '../choker/upload-slots.ts';
import type { TrackerSink } from '../discovery/tracker-port.ts';
import {
  CONNECT_TIMEOUT_MS,
  DIALS_MAX,
  HANDSHAKE_TIMEOUT_MS,
  INCOMING_PER_HOST_MAX,
  PEERS_PER_TORRENT_MAX,
  WRITE_BEHIND_BYTES,
} from '../limits.ts';
import { type Heirloom, MetadataFetch, type MetadataObserver, type MetadataSpec } from '../metadata/metadata-fetch.ts';
import {
  ASKED_BEGIN,
  ASKED_LENGTH,
  ASKED_PIECE,
  ASKED_STRIDE,
  BLOCK_BEGIN,
  BLOCK_LENGTH,
  BLOCK_LINK,
  BLOCK_OUTCOME,
  BLOCK_PIECE,
  BLOCK_STRIDE,
  DIFFERENCE_BLOCK,
  DIFFERENCE_PIECE,
  DIFFERENCE_STORE,
  DIFFERENCE_STRIDE,
  DIFFERENCE_VERSION,
  type LinkEnd,
  type LinkId,
  OUTCOME_LANDED,
  OUTCOME_RETURNED,
  type PeerAddress,
  type PeerSink,
  READ_DONE_OK,
  READ_DONE_STORE,
  READ_DONE_STRIDE,
  READ_DONE_TICKET,
  STORED_OUTCOME,
  STORED_PIECE,
  STORED_RUN,
  STORED_STORE,
  STORED_STRIDE,
  type StorageSink,
  type StoreId,
} from '../ports.ts';
import { isLoopback } from '../swarm/candidates.ts';
import { ExternalAddress } from '../swarm/external-address.ts';
import type { Peer } from '../swarm/peer.ts';
import { TokenBucket } from '../swarm/token-bucket.ts';
import type { Choking } from '../torrent/choking.ts';
import { Torrent } from '../torrent/torrent.ts';
import type { TorrentObserver, TorrentParts, TorrentSpec } from '../torrent/torrent-spec.ts';
import { StretchCache } from '../upload/stretch-cache.ts';
import type { Member } from './member.ts';
import type { SessionParts } from './session-parts.ts';
import { Turns } from './turns.ts';

/** Announce ids of one torrent stay below this. */
const TICKETS_PER_TORRENT: number = 2 ** 24;

/** A link and the member that it belongs to. */
interface Attachment {
  readonly member: Member;
  readonly peer: Peer;
}

/** A stranger who has not yet said which torrent it is about. */
interface Stranger {
  readonly address: PeerAddress;
  readonly incoming: true;
  readonly sinceMs: number;
}

export class Session implements PeerSink, StorageSink, TrackerSink {
  readonly downloadLimit: TokenBucket = new TokenBucket(0);
  readonly uploadLimit: TokenBucket = new TokenBucket(0);
  readonly #turns = new Turns([this.downloadLimit, this.uploadLimit]);
  readonly #uploadSlots = new UploadSlots();
  /** Our own address, as peers see it. */
  readonly external: ExternalAddress = new ExternalAddress();
  readonly #parts: SessionParts;
  readonly #cache: StretchCache;
  readonly #torrents = new Map<StoreId, Torrent>();
  /** Torrents and searches for metadata, by info hash in hexadecimal digits. */
  readonly #members = new Map<string, Member>();
  readonly #ticketBases = new Map<number, Member>();
  readonly #links = new Map<LinkId, Attachment>();
  readonly #strangers = new Map<LinkId, Stranger>();
  readonly #trackerKey: number;
  /** Outgoing links have even numbers, the host numbers incoming ones oddly. */
  #nextLink = 2;
  #nextTicketBase = TICKETS_PER_TORRENT;
  /** Torrents that a batch touched. */
  readonly #touched = new Set<Torrent>();

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#cache = new StretchCache(parts.ledger);
    this.#trackerKey = Math.floor(parts.random.next() * 0x1_0000_0000);
  }

  get torrents(): IterableIterator<Torrent> {
    return this.#torrents.values();
  }

  /** Most bytes of one torrent that waited for the disk at once. */
  get storingPeakBytes(): number {
    let peak = 0;
    for (const torrent of this.#torrents.values()) peak = Math.max(peak, torrent.intake.download.runs.storingPeakBytes);
    return peak;
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
    this.#join(torrent, torrent.ticketBase);
    for (const heirloom of forerunner?.handOver() ?? []) this.#inherit(torrent, heirloom);
    return torrent;
  }

  /** Begins to look for the metadata of a torrent of which only the info hash is known. */
  fetchMetadata(spec: MetadataSpec, observer: MetadataObserver): MetadataFetch {
    const fetch = new MetadataFetch(spec, this.#share(), observer);
    this.#join(fetch, fetch.ticketBase);
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
    const { downloadLimit, uploadLimit, external } = this;
    const writeBehindBytes = WRITE_BEHIND_BYTES * this.#parts.diskWorkers;
    const owned = { cache: this.#cache, uploadSlots: this.#uploadSlots, trackerKey: this.#trackerKey };
    return { ...this.#parts, ...owned, external, downloadLimit, uploadLimit, ticketBase, writeBehindBytes };
  }

  #join(member: Member, ticketBase: number): void {
    this.#members.set(toHex(member.infoHash), member);
    this.#parts.peers.share(member.infoHash);
    this.#ticketBases.set(ticketBase, member);
  }

  #leave(member: Member): void {
    const key = toHex(member.infoHash);
    if (this.#members.get(key) === member) {
      this.#members.delete(key);
      this.#parts.peers.unshare(member.infoHash);
    }
    for (const [base, owner] of this.#ticketBases) if (owner === member) this.#ticketBases.delete(base);
  }

  /** A link that a search for metadata made goes on as the torrent's: it hears what the peer said meanwhile. */
  #inherit(torrent: Torrent, heirloom: Heirloom): void {
    const { link, address, incoming } = heirloom.peer;
    const peer = torrent.admit(link, address, incoming);
    peer.claimsCandidate = heirloom.peer.claimsCandidate;
    this.#links.set(link, { member: torrent, peer });
    torrent.relations.adopt(peer, heirloom.handshake);
    for (const { id, payload } of heirloom.messages) torrent.dispatch({ type: 'message', peer, id, payload });
  }

  /** Control work, every TICK_MS. */
  tick(): void {
    const nowMs = this.#parts.clock.nowMs();
    for (const [link, stranger] of this.#strangers) {
      if (nowMs - stranger.sinceMs > HANDSHAKE_TIMEOUT_MS) this.#parts.peers.close(link);
    }
    this.#turns.tick(this.#members.values());
    this.#uploadSlots.tick(this.#slotUsers(), this.uploadLimit.bytesPerSecond, nowMs);
    this.dial();
  }

  *#slotUsers(): Generator<Choking> {
    for (const torrent of this.#torrents.values()) if (torrent.swarm.size > 0) yield torrent.relations.choking;
  }

  // Links.

  connected(link: LinkId): void {
    const attachment = this.#links.get(link);
    if (attachment !== undefined) attachment.member.dispatch({ type: 'connected', peer: attachment.peer });
  }

  incoming(link: LinkId, address: PeerAddress): void {
    const full = this.#links.size + this.#strangers.size >= this.#parts.peersMax;
    const crowded = this.#crowded(address.host, this.#strangers.values());
    this.#strangers.set(link, { address, incoming: true, sinceMs: this.#parts.clock.nowMs() });
    if (full || crowded) this.#parts.peers.close(link);
  }

  handshake(link: LinkId, bytes: Uint8Array): void {
    const handshake = readHandshake(bytes);
    const attachment = this.#links.get(link) ?? this.#introduce(link, handshake);
    if (handshake === undefined || attachment === undefined) return this.#parts.peers.close(link);
    attachment.member.dispatch({ type: 'handshake', peer: attachment.peer, handshake });
  }

  message(link: LinkId, id: number, payload: Uint8Array): void {
    const attachment = this.#links.get(link);
    if (attachment !== undefined) attachment.member.dispatch({ type: 'message', peer: attachment.peer, id, payload });
  }

  keepAlive(link: LinkId): void {
    const attachment = this.#links.get(link);
    if (attachment !== undefined) attachment.member.dispatch({ type: 'keep-alive', peer: attachment.peer });
  }

  messagesDone(link: LinkId): void {
    const attachment = this.#links.get(link);
    if (attachment !== undefined) attachment.member.messagesDone(attachment.peer);
  }

  blocks(batch: Int32Array, count: number): void {
    let last: Member | undefined;
    for (let at = 0; at < count * BLOCK_STRIDE; at += BLOCK_STRIDE) {
      const attachment = this.#links.get(batch[at + BLOCK_LINK]!);
      if (attachment === undefined) continue;
      const { member, peer } = attachment;
      const piece = batch[at + BLOCK_PIECE]!;
      const begin = batch[at + BLOCK_BEGIN]!;
      const outcome = batch[at + BLOCK_OUTCOME]!;
      if (outcome === OUTCOME_LANDED) member.blockLanded(peer, piece, begin, batch[at + BLOCK_LENGTH]!);
      else if (outcome === OUTCOME_RETURNED) member.blockReturned(peer, piece, begin);
      else member.blockWasted(peer, batch[at + BLOCK_LENGTH]!);
      if (last !== undefined && last !== member) last.blocksDone();
      last = member;
    }
    last?.blocksDone();
  }

  requests(link: LinkId, batch: Int32Array, count: number): void {
    const attachment = this.#links.get(link);
    if (attachment === undefined) return;
    const { member, peer } = attachment;
    for (let at = 0; at < count * ASKED_STRIDE; at += ASKED_STRIDE) {
      member.blockRequested(peer, batch[at + ASKED_PIECE]!, batch[at + ASKED_BEGIN]!, batch[at + ASKED_LENGTH]!);
    }
  }

  served(link: LinkId, count: number): void {
    const attachment = this.#links.get(link);
    if (attachment !== undefined) attachment.member.served(attachment.peer, count);
  }

  closed(link: LinkId, end: LinkEnd): void {
    this.#strangers.delete(link);
    const attachment = this.#links.get(link);
    this.#links.delete(link);
    if (attachment !== undefined) attachment.member.dispatch({ type: 'closed', peer: attachment.peer, end });
  }

  // Storage.

  runsStored(batch: Int32Array, count: number): void {
    for (let at = 0; at < count * STORED_STRIDE; at += STORED_STRIDE) {
      const torrent = this.#torrents.get(batch[at + STORED_STORE]!);
      if (torrent === undefined) continue;
      torrent.runStored(batch[at + STORED_PIECE]!, batch[at + STORED_RUN]!, batch[at + STORED_OUTCOME]!);
      this.#touched.add(torrent);
    }
    for (const torrent of this.#touched) torrent.runsDone();
    this.#touched.clear();
  }

  blocksDiffered(batch: Int32Array, count: number): void {
    for (let at = 0; at < count * DIFFERENCE_STRIDE; at += DIFFERENCE_STRIDE) {
      const torrent = this.#torrents.get(batch[at + DIFFERENCE_STORE]!);
      torrent?.blockDiffered(
        batch[at + DIFFERENCE_PIECE]!,
        batch[at + DIFFERENCE_VERSION]!,
        batch[at + DIFFERENCE_BLOCK]!,
      );
    }
  }

  blocksRead(batch: Int32Array, count: number): void {
    for (let at = 0; at < count * READ_DONE_STRIDE; at += READ_DONE_STRIDE) {
      const torrent = this.#torrents.get(batch[at + READ_DONE_STORE]!);
      if (torrent === undefined) continue;
      torrent.blockRead(batch[at + READ_DONE_TICKET]!, batch[at + READ_DONE_OK] === 1);
      this.#touched.add(torrent);
    }
    for (const torrent of this.#touched) torrent.readsDone();
    this.#touched.clear();
  }

  storageFailed(store: StoreId, error: StorageError): void {
    this.#torrents.get(store)?.dispatch({ type: 'storage-failed', error });
  }

  // Trackers.

  announced(ticket: number, answer: AnnounceReply | SourceError): void {
    const member = this.#ticketBases.get(ticket - (ticket % TICKETS_PER_TORRENT));
    member?.dispatch({ type: 'announced', ticket, answer });
    this.dial();
  }

  /**
   * Whether a host has as many incoming links as it may: strangers, or peers of one torrent. A client that shares many
   * torrents with us has a link for each. On loopback many clients share one host, and none of them is a stranger.
   */
  #crowded(host: string, peers: Iterable<{ readonly address: PeerAddress; readonly incoming: boolean }>): boolean {
    if (isLoopback(host)) return false;
    let count = 0;
    for (const peer of peers) if (peer.incoming && peer.address.host === host) count++;
    return count >= INCOMING_PER_HOST_MAX;
  }

  /** A stranger's handshake names the torrent that it came for. */
  #introduce(link: LinkId, handshake: Handshake | undefined): Attachment | undefined {
    const stranger = this.#strangers.get(link);
    if (stranger === undefined || handshake === undefined) return undefined;
    const member = this.#members.get(toHex(handshake.infoHash));
    const { address } = stranger;
    if (member === undefined || !member.welcoming || member.swarm.candidates.banned(address)) return undefined;
    if (this.#crowded(address.host, member.swarm.peers())) return undefined;
    const room = member.swarm.size < PEERS_PER_TORRENT_MAX || member.makeRoomFor(address);
    if (!room) return undefined;
    this.#strangers.delete(link);
    const attachment = { member, peer: member.admit(link, address, true) };
    this.#links.set(link, attachment);
    return attachment;
  }

  /** Dials candidates, torrent by torrent in turn, as far as the limits allow. Addresses that are new need not wait. */
  dial(): void {
    let dialling = 0;
    for (const { peer } of this.#links.values()) if (!peer.ready && !peer.incoming) dialling++;
    for (let dialled = true; dialled; ) {
      dialled = false;
      for (const member of this.#members.values()) {
        const full = this.#links.size + this.#strangers.size >= this.#parts.peersMax;
        if (full || dialling >= DIALS_MAX) return;
        if (member.swarm.size >= PEERS_PER_TORRENT_MAX) continue;
        const address = member.candidate();
        if (address === undefined) continue;
        dialled = true;
        dialling++;
        this.#connect(member, address);
      }
    }
  }

  #connect(member: Member, address: PeerAddress): void {
    const link = this.#nextLink;
    this.#nextLink += 2;
    this.#links.set(link, { member, peer: member.admit(link, address, false) });
    this.#parts.peers.connect(link, address, CONNECT_TIMEOUT_MS, member.infoHash);
  }
}

function readHandshake(bytes: Uint8Array): Handshake | undefined {
  try {
    return decodeHandshake(bytes);
  } catch (error) {
    if (error instanceof PeerError) return undefined;
    throw error;
  }
}
