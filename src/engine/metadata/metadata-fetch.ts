// The search for the metadata of a torrent of which only the info hash is known (BEP 9): finds peers as a torrent does,
// asks them for the info dictionary, and remembers what else they say. Once the torrent is there it takes over the
// links, and hears all of that as if it had been there from the beginning.
import { Bitfield } from '../../base/bitfield.ts';
import { equalBytes } from '../../base/bytes.ts';
import { PeerError, type SourceError } from '../../base/errors.ts';
import { EXTENSION_IDS } from '../../protocol/extension/extension-table.ts';
import { decodeMetadataMessage, encodeMetadataMessage } from '../../protocol/extension/metadata-message.ts';
import type { AnnounceReply } from '../../protocol/tracker/announce.ts';
import { PIECE_HEADER_BYTES } from '../../protocol/wire/block.ts';
import type { Handshake } from '../../protocol/wire/handshake.ts';
import { EXTENDED, PORT } from '../../protocol/wire/message-id.ts';
import { KEEP_ALIVE, MESSAGE_HEADER_BYTES, REQUEST_MESSAGE_BYTES } from '../../protocol/wire/message-writer.ts';
import { decodeMessage } from '../../protocol/wire/messages.ts';
import { discoveryFor } from '../discovery/dht-discovery.ts';
import { ExtendedMessages } from '../extensions/extended-messages.ts';
import { PeerContacts } from '../extensions/peer-contacts.ts';
import { PeerPieces } from '../picker/peer-pieces.ts';
import { portTowards } from '../portmap/own-ports.ts';
import { type DialTarget, isOutage, type LinkEnd, type LinkId } from '../ports.ts';
import type { Member, MemberEvent } from '../session/member.ts';
import { Candidates, plainHost } from '../swarm/candidates.ts';
import { judge } from '../swarm/patience.ts';
import { Peer } from '../swarm/peer.ts';
import { Swarm } from '../swarm/swarm.ts';
import { costOf } from '../swarm/talk.ts';
import { TokenBucket } from '../swarm/token-bucket.ts';
import { Announcing, portsOf } from '../torrent/announcing.ts';
import { askingWords, dialWords } from '../torrent/asking.ts';
import {
  greeting,
  hearNodePort,
  heedOffer,
  introduction,
  lesserTwin,
  nodePortFor,
  offerTo,
  welcome,
} from '../torrent/greeting.ts';
import { MeteredPeers } from '../torrent/metered-peers.ts';
import { explainLoneliness, explainOutage, type Stall } from '../torrent/stall.ts';
import type { TorrentParts, Warning } from '../torrent/torrent-spec.ts';
import type { Acquaintance, Heirloom } from './acquaintance.ts';
import { METADATA_HEARD_BYTES_MAX, METADATA_HEARD_MAX, METADATA_MESSAGE_BYTES_MAX } from './limits.ts';
import { MetadataExchange } from './metadata-exchange.ts';

/** What we declare to have: nothing, of a torrent of unknown size. */
const NO_PIECES = new Bitfield(1);

/** Messages that are for us and not for the torrent. */
const OURS: ReadonlySet<number | undefined> = new Set([EXTENSION_IDS.ut_metadata, EXTENSION_IDS.ut_pex]);

/** What is known of the torrent. */
export interface MetadataSpec {
  readonly infoHash: Uint8Array;
  readonly tiers: readonly (readonly string[])[];
}

/** Who hears of the search. Called for news only: nothing may be decided in there. */
export interface MetadataObserver {
  /** The info dictionary, whose hash is right. Comes once. */
  found(infoBytes: Uint8Array): void;
  warned(warning: Warning): void;
}

const nothing = (): void => undefined;

export class MetadataFetch implements Member {
  readonly infoHash: Uint8Array;
  readonly swarm: Swarm;
  readonly contacts: PeerContacts;
  readonly ticketBase: number;
  /** Nobody knows yet whether the torrent is private; its link was no secret. */
  readonly local = true;
  // We never asked for a block.
  readonly messagesDone: () => void = nothing;
  readonly blockLanded: () => void = nothing;
  readonly blockReturned: () => void = nothing;
  readonly blocksDone: () => void = nothing;
  readonly served: () => void = nothing;
  /** Its own rate limits, inside those of the session: what is said counts here as it does in a torrent. */
  readonly downloadLimit: TokenBucket;
  readonly uploadLimit: TokenBucket;
  readonly #parts: TorrentParts;
  readonly #observer: MetadataObserver;
  readonly #announcing: Announcing;
  readonly #exchange: MetadataExchange;
  readonly #extended: ExtendedMessages;
  readonly #known = new Map<LinkId, Acquaintance>();
  #found = false;
  #closed = false;

  constructor(spec: MetadataSpec, parts: TorrentParts, observer: MetadataObserver) {
    this.infoHash = spec.infoHash;
    this.ticketBase = parts.ticketBase;
    this.downloadLimit = new TokenBucket(0, parts.downloadLimit);
    this.uploadLimit = new TokenBucket(0, parts.uploadLimit);
    this.#parts = { ...parts, peers: new MeteredPeers(parts.peers, this.uploadLimit) };
    this.swarm = new Swarm(new Candidates(parts.refuses));
    this.#observer = observer;
    const { trackers, announcePace: pace, peerId, trackerKey: key, random, ticketBase, external } = parts;
    const dht = discoveryFor(this, parts, false);
    this.#announcing = new Announcing({ ...spec, peerId, key, trackers, pace, random, ticketBase, external, dht });
    this.#announcing.start();
    this.#exchange = new MetadataExchange((bytes) => equalBytes(parts.sha1(bytes), spec.infoHash));
    this.contacts = new PeerContacts({
      swarm: this.swarm,
      external: parts.external,
      extended: () => this.#extended,
      listenPort: parts.listenPort,
      mappedPorts: parts.mappedPorts,
      nowMs: () => this.#nowMs(),
      private: false,
      exchange: parts.pex,
      tells: false,
    });
    this.#extended = new ExtendedMessages({
      handlers: {
        ut_metadata: (peer, payload) => this.#hearMetadata(peer, payload),
        ut_pex: this.contacts.exchangeHandler,
      },
      send: (peer, bytes) => this.#send(peer, bytes),
      handshakeTaken: (peer, handshake) => {
        heedOffer(peer, handshake);
        this.contacts.heed(peer, handshake);
        this.#weigh(peer);
      },
    });
  }

  get welcoming(): boolean {
    return !this.#closed;
  }

  /** Share of the metadata that is there, 0…1. */
  get progress(): number {
    return this.#found ? 1 : this.#exchange.progress;
  }

  /** Connected peers that say they have the metadata. */
  get sources(): number {
    return this.#exchange.sources;
  }

  /** Why nobody gives us the metadata. */
  stall(): Stall {
    let ready = 0;
    for (const peer of this.swarm.peers()) if (peer.ready) ready++;
    if (ready > 0) return { code: 'no-metadata', message: 'no connected peer has the metadata of this torrent yet' };
    const { reason } = this.#parts.outage;
    if (reason !== undefined) return explainOutage(reason);
    const nowMs = this.#nowMs();
    const { prospects } = this.swarm.candidates;
    const dialling = dialWords(prospects, nowMs);
    const asking = askingWords(this.#announcing.asking, nowMs);
    return explainLoneliness(this.swarm.size, { dialling, retrying: prospects.retrying, asking });
  }

  admit(link: LinkId, address: DialTarget, incoming: boolean): Peer {
    const peer = new Peer(link, address, incoming, new PeerPieces(new Bitfield(0)));
    peer.connectedMs = this.#nowMs();
    this.swarm.add(peer);
    return peer;
  }

  replace(peer: Peer): void {
    this.#drop(peer);
  }

  candidate(): DialTarget | undefined {
    return this.#closed || this.#found ? undefined : this.swarm.nextToDial(this.#nowMs());
  }

  /** A search is always looking. */
  restsUntilMs(nowMs: number): number {
    return nowMs;
  }

  dispatch(event: MemberEvent): void {
    switch (event.type) {
      case 'connected':
        return this.#greet(event.peer);
      case 'handshake':
        return this.#shakeHands(event.peer, event.handshake);
      case 'message':
        this.downloadLimit.charge(MESSAGE_HEADER_BYTES + event.payload.length);
        return this.#hear(event.peer, event.id, event.payload);
      case 'keep-alive':
        return void this.#bears(event.peer, 1);
      case 'closed':
        return this.#forget(event.peer, event.end);
      case 'announced':
        return this.#learn(event.ticket, event.answer);
      case 'filtered':
        return this.#sift();
      case 'way-open':
        return this.#announcing.wayOpen();
      case 'close':
        return this.#close();
      case 'tick':
        return this.#tick();
    }
  }

  /** We have no block; whoever goes on asking floods us. */
  blockRequested(peer: Peer): void {
    this.downloadLimit.charge(REQUEST_MESSAGE_BYTES);
    this.#bears(peer, 1);
  }

  /** The same bound as a torrent's: nobody may keep us busy with words. */
  #bears(peer: Peer, cost: number): boolean {
    if (peer.closing) return false;
    peer.lastMessageMs = this.#nowMs();
    if (peer.talk.bears(cost, peer.lastMessageMs, 0)) return true;
    this.#expel(peer, 'ERR_PEER_FLOOD', 'floods us with messages');
    return false;
  }

  /** Gives the acquainted peers away, for good; the other links end. */
  handOver(): Heirloom[] {
    const heirlooms = [...this.#known.values()].filter(({ peer }) => !peer.closing);
    for (const { peer } of heirlooms) this.swarm.remove(peer);
    this.#known.clear();
    this.#close();
    return heirlooms;
  }

  blockWasted(peer: Peer, length: number): void {
    this.downloadLimit.charge(PIECE_HEADER_BYTES + length);
    this.#expel(peer, 'ERR_PEER_UNREQUESTED', 'sends blocks that nobody asked for');
  }

  #greet(peer: Peer): void {
    if (!peer.closing) this.#send(peer, greeting(this.infoHash, this.#parts.peerId, this.#parts.dht !== undefined));
  }

  #shakeHands(peer: Peer, handshake: Handshake): void {
    if (peer.closing) return;
    const refusal = welcome(peer, handshake, { infoHash: this.infoHash, ownPeerId: this.#parts.peerId });
    if (refusal?.code === 'ERR_PEER_SELF' && !peer.incoming) this.swarm.candidates.avoid(peer.address);
    if (refusal !== undefined) return this.#drop(peer);
    const twin = this.swarm.twinOf(peer);
    const lesser = twin && lesserTwin(peer, twin, this.#parts.peerId);
    if (lesser !== undefined) this.#drop(lesser);
    if (lesser === peer) return;
    if (peer.incoming) this.#greet(peer);
    peer.ready = true;
    peer.lastMessageMs = this.#nowMs();
    // Its parts are views of what was received.
    const kept = { ...handshake, infoHash: this.infoHash, peerId: handshake.peerId.slice() };
    this.#known.set(peer.link, { peer, handshake: kept, messages: [], bytes: 0 });
    this.#parts.peers.limitMessages(peer.link, METADATA_MESSAGE_BYTES_MAX);
    const { clientName, external } = this.#parts;
    const listenPort = portTowards(plainHost(peer.address), this.#parts);
    const { advertised } = this.#extended;
    const offer = offerTo(peer, { clientName, listenPort, advertised, ...external.addresses });
    for (const bytes of introduction(peer, NO_PIECES, offer, nodePortFor(peer, this.#parts.dht)))
      this.#send(peer, bytes);
  }

  #hear(peer: Peer, id: number, payload: Uint8Array): void {
    const known = this.#known.get(peer.link);
    if (known === undefined || !this.#bears(peer, costOf(id, payload))) return;
    try {
      if (id === EXTENDED && payload.length > 0) this.#extended.hear(peer, payload[0]!, payload.subarray(1));
      if (id === PORT) hearNodePort(peer, decodeMessage(id, payload), this.#parts.dht);
      if (id !== EXTENDED || !OURS.has(payload[0])) this.#remember(known, id, payload);
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      this.#expel(peer, error.code, error.message);
    }
  }

  #remember(known: Acquaintance, id: number, payload: Uint8Array): void {
    known.bytes += payload.length;
    if (known.messages.length >= METADATA_HEARD_MAX || known.bytes > METADATA_HEARD_BYTES_MAX) {
      throw new PeerError('ERR_PEER_FLOOD', 'says more than can be remembered before the metadata is there');
    }
    known.messages.push({ id, payload: payload.slice() });
  }

  /** The peer said what it has to offer. */
  #weigh(peer: Peer): void {
    const { metadataBytes } = peer.offers;
    const usable = peer.offers.idOf('ut_metadata') > 0 && metadataBytes !== undefined;
    if (usable) this.#exchange.offer(peer.link, metadataBytes);
    else this.#exchange.withdraw(peer.link);
    this.#ask();
  }

  #hearMetadata(peer: Peer, payload: Uint8Array): void {
    const message = decodeMetadataMessage(payload);
    if (message === undefined || this.#found) return;
    if (message.type === 'request') return this.#tell(peer, { type: 'reject', piece: message.piece });
    if (message.type === 'reject') this.#exchange.refused(peer.link, message.piece, this.#nowMs());
    else this.#take(peer.link, message);
    this.#ask();
  }

  #take(link: LinkId, message: { piece: number; totalBytes: number; bytes: Uint8Array }): void {
    const outcome = this.#exchange.data(link, message.piece, message.totalBytes, message.bytes);
    if (outcome.kind === 'complete') {
      this.#found = true;
      this.#observer.found(outcome.bytes);
    }
    if (outcome.kind !== 'corrupt') return;
    const guilty = outcome.guilty === undefined ? undefined : this.swarm.get(outcome.guilty);
    if (guilty !== undefined)
      return this.#expel(guilty, 'ERR_PEER_METADATA', 'sent metadata of another torrent; banned');
    const suspicion = 'the metadata that several peers sent is wrong; each of them now sends it alone';
    this.#observer.warned({ code: 'ERR_PEER_METADATA', message: suspicion });
  }

  #ask(): void {
    if (this.#found || this.#closed) return;
    for (const { link, piece } of this.#exchange.due(this.#nowMs())) {
      const peer = this.swarm.get(link);
      if (peer !== undefined) this.#tell(peer, { type: 'request', piece });
    }
  }

  #tell(peer: Peer, message: { type: 'request' | 'reject'; piece: number }): void {
    this.#extended.sendExtended(peer, 'ut_metadata', encodeMetadataMessage(message));
  }

  #tick(): void {
    if (this.#closed) return;
    const nowMs = this.#nowMs();
    for (const peer of this.swarm.peers()) {
      if (peer.closing) continue;
      const verdict = judge(peer, nowMs, false);
      if (verdict.kind === 'drop') this.#drop(peer);
      if (verdict.kind === 'keep-alive') this.#send(peer, KEEP_ALIVE);
    }
    this.contacts.tick();
    this.#ask();
    // How much is left nobody knows yet; a tracker that is told 0 would take us for a seed.
    const standing = { ...portsOf(this.#parts), uploaded: 0, downloaded: 0, left: 1 };
    this.#announcing.tick(nowMs, !this.#found, () => standing);
  }

  #learn(ticket: number, answer: AnnounceReply | SourceError): void {
    const { addresses, warning } = this.#announcing.announced(ticket, answer, this.#nowMs());
    if (warning !== undefined) this.#observer.warned(warning);
    for (const address of addresses) this.swarm.candidates.add(address, 'tracker');
  }

  #forget(peer: Peer, end: LinkEnd): void {
    this.#exchange.withdraw(peer.link);
    this.#known.delete(peer.link);
    this.swarm.remove(peer);
    if (end.code.startsWith('ERR_WIRE')) this.swarm.candidates.ban(peer.address);
    this.contacts.forget(peer);
    if (peer.claimsCandidate)
      this.swarm.candidates.ended(peer.listening ?? peer.address, this.#nowMs(), false, isOutage(end.code));
  }

  #sift(): void {
    this.swarm.candidates.sift();
    for (const peer of this.swarm.peers()) if (this.#parts.refuses(peer.host)) this.#drop(peer);
  }

  #expel(peer: Peer, code: string, message: string): void {
    if (peer.closing) return;
    this.swarm.candidates.ban(peer.address);
    this.#observer.warned({ code, message: `peer ${peer.address.host}:${peer.address.port} ${message}` });
    this.#drop(peer);
  }

  #drop(peer: Peer): void {
    if (peer.closing) return;
    peer.closing = true;
    this.#exchange.withdraw(peer.link);
    this.#parts.peers.close(peer.link);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#announcing.stop();
    for (const peer of this.swarm.peers()) this.#drop(peer);
  }

  #send(peer: Peer, bytes: Uint8Array): void {
    peer.lastSentMs = this.#nowMs();
    this.#parts.peers.send(peer.link, bytes);
  }

  #nowMs(): number {
    return this.#parts.clock.nowMs();
  }
}
